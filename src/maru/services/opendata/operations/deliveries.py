"""Telling the subscribers: mails at once, webhooks with back-off. A crash in between tells it again, never not at all."""

from __future__ import annotations

import json
import smtplib
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from maru.commons.offices.models import in_language
from maru.services.opendata.engine import webhooks
from maru.services.opendata.models import Notice, Subscription
from maru.services.opendata.operations.subscriptions import page_of, send_mail

AT_ONCE = 50
CLAIM = timedelta(minutes=2)
PAUSE_AFTER = len(webhooks.BACK_OFF) * 2  # failures in a row


def deliver_due(find: webhooks.Resolve = webhooks.resolve) -> int:
    """Tell what is due; how many were told."""
    told = 0
    for notice in _claimed():
        told += _deliver(notice, find)
    return told


def _claimed() -> list[Notice]:
    """Due notices, marked as being told by us: another worker leaves them alone for a while."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    with transaction.atomic():
        rows = list(
            Notice.objects.select_for_update(of=("self",))
            .filter(free, next_at__lte=now, subscription__paused_at=None)
            .select_related("subscription", "subscription__dataset")
            .order_by("next_at")[:AT_ONCE]
        )
        Notice.objects.filter(pk__in=[one.pk for one in rows]).update(claimed_until=now + CLAIM)
    return rows


def _deliver(notice: Notice, find: webhooks.Resolve) -> bool:
    subscription = notice.subscription
    if subscription.kind == "email":
        fault = _mail(notice)
        result = webhooks.Result(0 if fault else 200, fault)
    else:
        body = json.dumps(notice.payload, ensure_ascii=False).encode()
        moment = str(int(timezone.now().timestamp()))
        # The secret stays between both; the number is the same at each try, by which a receiver knows a repetition.
        result = webhooks.call(
            subscription.address,
            body,
            secret=subscription.secret,
            moment=moment,
            number=str(notice.pk),
            find=find,
        )
    if result.done:
        notice.delete()
        Subscription.objects.filter(pk=subscription.pk).update(failures=0, last_fault="")
        return True
    if result.gone:
        subscription.delete()
        return False
    _failed(notice, result.detail)
    return False


def _failed(notice: Notice, detail: str) -> None:
    tries = notice.attempts + 1
    with transaction.atomic():
        Subscription.objects.filter(pk=notice.subscription_id).update(
            failures=F("failures") + 1, last_fault=detail[:200]
        )
        Subscription.objects.filter(
            pk=notice.subscription_id, kind="webhook", failures__gte=PAUSE_AFTER, paused_at=None
        ).update(paused_at=timezone.now())
        if tries > len(webhooks.BACK_OFF):
            notice.delete()
            return
        wait = webhooks.BACK_OFF[tries - 1]
        Notice.objects.filter(pk=notice.pk).update(
            attempts=tries, next_at=timezone.now() + timedelta(seconds=wait), claimed_until=None
        )


def _mail(notice: Notice) -> str:
    """Send it; what went wrong, "" for nothing."""
    subscription, told = notice.subscription, notice.payload
    with translation.override(subscription.language or "en"):
        title = in_language(told["titles"])
        what = {
            "published": _("It is published."),
            "data": _("There is new data: %(added)d records added, %(corrected)d corrected, %(gone)d gone.")
            % told,
            "described": _("It was described anew."),
            "withdrawn": _("It was withdrawn: %(note)s") % told,
        }.get(told["change"], "")
        page = page_of(subscription.token)
        base = page.partition("/data/subscriptions/")[0]
        body = _("%(title)s\n\n%(what)s\n%(page)s\n\nTo hear no more of it: %(end)s") % {
            "title": title,
            "what": what,
            "page": f"{base}/data/{told['dataset']}/history/",
            "end": page,
        }
        subject = _("Changed: %(title)s") % {"title": title}
    try:
        send_mail(subscription, subject, body)
    except (OSError, smtplib.SMTPException) as fault:
        return type(fault).__name__
    return ""
