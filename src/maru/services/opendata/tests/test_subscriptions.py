"""Who follows a dataset is told: by mail after asking back, by a signed webhook with patience."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone

from maru.platform.access.refusals import Conflict, Invalid
from maru.services.opendata import access
from maru.services.opendata.engine import webhooks
from maru.services.opendata.models import Dataset, Notice, Subscription
from maru.services.opendata.operations.deliveries import PAUSE_AFTER, deliver_due
from maru.services.opendata.operations.describing import edit
from maru.services.opendata.operations.subscriptions import (
    confirm,
    forget_unconfirmed,
    subscribe,
    unsubscribe,
)
from maru.services.opendata.refusals import BadAddress

pytestmark = pytest.mark.django_db
PUBLIC = "93.184.216.34"


def test_a_mail_asks_back_and_only_then_changes_are_told(bikes: Dataset) -> None:
    view = subscribe(dataset=bikes, kind="email", address="Dan@Example.org", language="en")
    assert view.token == ""
    [question] = mail.outbox
    assert question.to == ["dan@example.org"]
    token = Subscription.objects.get().token
    assert f"/data/subscriptions/{token}/" in question.body
    edit(dataset=bikes, by=None, keywords=["one"])
    assert not Notice.objects.exists()
    confirm(subscription=access.subscription(token))
    edit(dataset=bikes, by=None, keywords=["two"])
    assert deliver_due() == 1
    told = mail.outbox[-1]
    assert "Bike stations" in told.subject
    assert told.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert token in told.extra_headers["List-Unsubscribe"]
    assert deliver_due() == 0
    unsubscribe(subscription=access.subscription(token))
    edit(dataset=bikes, by=None, keywords=["three"])
    assert deliver_due() == 0


def test_asking_again_tells_nothing_about_who_is_known(bikes: Dataset) -> None:
    first = subscribe(dataset=bikes, kind="email", address="dan@example.org")
    confirm(subscription=Subscription.objects.get())
    again = subscribe(dataset=bikes, kind="email", address="dan@example.org")
    assert first == again
    assert len(mail.outbox) == 1


def test_nobody_is_flooded_with_questions_of_strangers(bikes: Dataset) -> None:
    answers = {subscribe(dataset=bikes, kind="email", address="victim@example.org") for _each in range(30)}
    assert len(answers) == 1  # who asks learns nothing by it
    assert len(mail.outbox) == 5
    subscribe(dataset=bikes, kind="email", address="another@example.org")
    assert len(mail.outbox) == 6


def test_changes_in_a_row_become_one_notice(bikes: Dataset) -> None:
    subscribe(dataset=bikes, kind="email", address="dan@example.org")
    confirm(subscription=Subscription.objects.get())
    for word in "abc":
        edit(dataset=bikes, by=None, keywords=[word])
    assert Notice.objects.count() == 1


def test_an_address_that_never_answered_is_forgotten(bikes: Dataset) -> None:
    subscribe(dataset=bikes, kind="email", address="dan@example.org")
    assert forget_unconfirmed(before=timezone.now() - timedelta(days=7)) == 0
    assert forget_unconfirmed(before=timezone.now() + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("address", ["", "dan", "dan@", "a@b\nBcc: c@d.org", "x" * 250 + "@example.org"])
def test_bad_mail_addresses_are_refused(bikes: Dataset, address: str) -> None:
    with pytest.raises(Invalid):
        subscribe(dataset=bikes, kind="email", address=address)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://10.0.0.8/", "http://192.168.0.1/x", "http://169.254.169.254/latest/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://[2002:7f00:1::]/", "http://0.0.0.0/",
        "http://2130706433/", "http://0x7f.1/", "http://100.64.0.1/", "ftp://example.org/", "file:///etc/passwd",
        "http://user:pw@93.184.216.34/", "http://93.184.216.34:22/", "http://93.184.216.34:6379\r\n/", "javascript:alert(1)",
        "http:///x", "http://[", "",
    ],
)  # fmt: skip
def test_no_webhook_reaches_inside(bikes: Dataset, address: str) -> None:
    with pytest.raises(BadAddress):
        subscribe(dataset=bikes, kind="webhook", address=address)
    assert not Subscription.objects.exists()


def test_a_name_that_means_another_machine_later_is_not_called() -> None:
    result = webhooks.call(
        "http://rebound.example/",
        b"{}",
        secret="s",
        moment="1",
        number="1",
        find=lambda host, port: ["127.0.0.1"],
    )
    assert (result.status, result.detail) == (0, "address: private")


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(webhooks.AddressFault):
        webhooks.check_address("http://mixed.example/", lambda host, port: [PUBLIC, "10.0.0.1"])


class Receiver:
    """A receiver on this machine; ``answers`` gives the status of each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    real = webhooks.is_public
    # The one exception of these tests: the receiver's own address counts as one of the Internet.
    monkeypatch.setattr(webhooks, "is_public", lambda address: address == "127.0.0.1" or real(address))
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LONGEST_S", 0.5)
    ended = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        try:
            while not ended.wait(0.05):
                handler.wfile.write(b"a")
                handler.wfile.flush()
        except OSError:
            ended.set()

    monkeypatch.setattr(receiver.server.RequestHandlerClass, "do_POST", drip)
    result = webhooks.call(f"http://127.0.0.1:{receiver.port}/", b"{}", secret="s", moment="1", number="1")
    ended.set()
    assert not result.done


def follow(bikes: Dataset, receiver: Receiver) -> Any:
    return subscribe(dataset=bikes, kind="webhook", address=f"http://127.0.0.1:{receiver.port}/hook?a=1")


def test_a_webhook_is_signed_and_told_once(bikes: Dataset, receiver: Receiver) -> None:
    view = follow(bikes, receiver)
    edit(dataset=bikes, by=None, keywords=["one"])
    assert deliver_due() == 1
    assert deliver_due() == 0
    [(headers, body)] = receiver.calls
    signed = hmac.new(view.secret.encode(), headers["Maru-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["Maru-Signature"] == f"sha256={signed.hexdigest()}"
    told = json.loads(body)
    assert (told["dataset"], told["change"], told["version"]) == ("bikes", "described", bikes.version)
    assert view.secret not in body.decode()


def test_a_failing_webhook_is_tried_later_and_then_given_up(bikes: Dataset, receiver: Receiver) -> None:
    follow(bikes, receiver)
    receiver.answers = [500, 302, 404, *[503] * 40]
    edit(dataset=bikes, by=None, keywords=["one"])
    assert deliver_due() == 0
    assert deliver_due() == 0
    assert len(receiver.calls) == 1  # not before its time
    waits = []
    while notice := Notice.objects.first():
        waits.append((notice.next_at - timezone.now()).total_seconds())
        Notice.objects.update(next_at=F("created_at"))
        deliver_due()
    assert waits == sorted(waits)
    assert len(receiver.calls) == len(webhooks.BACK_OFF) + 1
    assert Subscription.objects.get().failures == len(webhooks.BACK_OFF) + 1
    Subscription.objects.update(failures=PAUSE_AFTER - 1)
    edit(dataset=bikes, by=None, keywords=["two"])
    deliver_due()
    assert Subscription.objects.get().paused_at is not None
    edit(dataset=bikes, by=None, keywords=["three"])
    calls = len(receiver.calls)
    deliver_due()
    assert len(receiver.calls) == calls


def test_a_receiver_that_is_gone_is_forgotten(bikes: Dataset, receiver: Receiver) -> None:
    follow(bikes, receiver)
    receiver.answers = [410]
    edit(dataset=bikes, by=None, keywords=["one"])
    deliver_due()
    assert not Subscription.objects.exists()


def test_the_same_webhook_twice_is_refused(bikes: Dataset, receiver: Receiver) -> None:
    follow(bikes, receiver)
    with pytest.raises(Conflict):
        follow(bikes, receiver)
