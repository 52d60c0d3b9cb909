"""A passkey in software, enough of WebAuthn level 2 for the tests: ES256, attestation "none", user verified."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import websafe_encode

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One key pair for one site."""

    def __init__(self, origin: str = "https://testserver", site: str = "testserver") -> None:
        self.origin, self.site = origin, site
        self.id = secrets.token_bytes(16)
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.user = b""
        self.count = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.create`` answers."""
        public = options["publicKey"]
        self.user = public["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        key = cbor.encode(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        data = self._data(_ATTESTED) + attested
        return self._credential(
            {
                "clientDataJSON": websafe_encode(self._client("webauthn.create", public["challenge"])),
                "attestationObject": websafe_encode(
                    cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
                ),
            },
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.get`` answers."""
        self.count += 1
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = self._data(0)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": self.user if isinstance(self.user, str) else websafe_encode(self.user),
            },
            {},
        )

    def _data(self, flags: int) -> bytes:
        site = hashlib.sha256(self.site.encode()).digest()
        return site + bytes([flags | _PRESENT | _VERIFIED]) + struct.pack(">I", self.count)

    def _client(self, kind: str, challenge: Any) -> bytes:
        text = challenge if isinstance(challenge, str) else websafe_encode(challenge)
        return json.dumps({"type": kind, "challenge": text, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, str], results: dict[str, Any]) -> dict[str, Any]:
        identity = websafe_encode(self.id)
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "clientExtensionResults": results,
            "response": response,
        }
