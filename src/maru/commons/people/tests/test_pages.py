"""Pages of accounts, at HTTP level."""

from __future__ import annotations

from dataclasses import replace

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


@pytest.mark.parametrize("demo", [True, False])
def test_only_a_demonstration_names_its_accounts_where_people_sign_in(client, settings, demo):
    settings.MARU = replace(settings.MARU, demo=demo)
    text = client.get("/accounts/login/").content.decode()
    assert ("producer@maru.example" in text) is demo
    assert ("“open wooden hall”" in text) is demo
