"""Pages of accounts, at HTTP level."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "address",
    [
        "/people/",
        "/audit/",
        "/accounts/profile/",
        "/accounts/tokens/",
        "/accounts/delete/",
        "/moderation/words/",
        "/offices/inbox/",
        "/voices/mine/",
    ],
)
def test_every_page_opens_for_an_administrator_in_both_languages(signed_in, address, language):
    client = signed_in("administrator")
    client.cookies["maru_language"] = language
    response = client.get(address)
    assert response.status_code == 200
    assert f'lang="{language}"' in response.content.decode()
