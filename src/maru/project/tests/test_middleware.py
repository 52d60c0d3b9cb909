"""Behind the city's proxies the reader's address is taken from where the reader cannot write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from maru.project.middleware import TrustedProxies


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, " , ", "127.0.0.1"),
    ],
)
def test_the_address_is_counted_from_the_right(
    settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.MARU = replace(settings.MARU, proxies=proxies)
    seen: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    TrustedProxies(answer)(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded))
    assert seen == [expected]
