"""Sign-in by passkey, hardened: what a browser would never send is refused, not a fault."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import LoginWebAuthnForm

_ANSWER = ("clientDataJSON", "authenticatorData", "signature", "userHandle")


class PasskeyLoginForm(LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """allauth's form reads fields of the answer without looking whether they are there (65.22)."""

    def clean_credential(self) -> Any:
        """Check the shape, then let allauth check the signature."""
        credential = self.cleaned_data["credential"]
        if not _has_shape(credential):
            raise get_adapter().validation_error("incorrect_code")
        return super().clean_credential()


def _has_shape(credential: Any) -> bool:
    if not isinstance(credential, dict) or not isinstance(credential.get("response"), dict):
        return False
    outer = all(isinstance(credential.get(name), str) for name in ("id", "rawId", "type"))
    return outer and all(isinstance(credential["response"].get(name), str) for name in _ANSWER)
