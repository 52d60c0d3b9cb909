"""The demonstration's accounts: one of each role. Never planted outside a demonstration."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import transaction

from maru.commons.offices.city import City
from maru.commons.offices.models import Office
from maru.commons.people.models import Grant, Person, Role

PASSWORD = "open wooden hall"  # noqa: S105  # printed at start of the demonstration, worthless elsewhere
ACCOUNTS: list[dict[str, str]] = [
    {"role": "administrator", "email": "admin@maru.example", "nickname": "관리자 Admin"},
    {"role": "producer", "email": "producer@maru.example", "nickname": "제작자 Producer"},
    {"role": "moderator", "email": "moderator@maru.example", "nickname": "운영 Moderator"},
    {
        "role": "officer",
        "email": "officer@maru.example",
        "nickname": "담당 Officer",
        "office": "transport-bus",
    },
    {
        "role": "officer",
        "email": "welfare@maru.example",
        "nickname": "복지 Welfare",
        "office": "welfare-elderly",
    },
    {"role": "citizen", "email": "citizen@maru.example", "nickname": "시민 Citizen"},
]


def plant(city: City) -> None:
    """Make the accounts that are missing; idempotent. In another city the officers get its first offices."""
    with transaction.atomic():
        known = set(
            Person.objects.values_list("email", flat=True).filter(email__in=[a["email"] for a in ACCOUNTS])
        )
        missing = [account for account in ACCOUNTS if account["email"] not in known]
        if not missing:
            return
        hashed = make_password(PASSWORD)  # one hash for all: argon2 costs 50 ms a piece
        Person.objects.bulk_create(
            [
                Person(email=account["email"], nickname=account["nickname"], password=hashed, language="")
                for account in missing
            ]
        )
        people = {
            person.email: person for person in Person.objects.filter(email__in=[a["email"] for a in missing])
        }
        offices = {office.code: office for office in Office.objects.filter(answers=True)}
        spare = iter([entry.code for entry in city.offices if entry.code in offices])
        for account in missing:
            if account["role"] == "citizen":
                continue
            office = None
            if account["role"] == Role.OFFICER:
                office = offices.get(account.get("office", "")) or offices.get(next(spare, ""))
                if office is None:
                    continue
            Grant.objects.create(person=people[account["email"]], role=account["role"], office=office)
