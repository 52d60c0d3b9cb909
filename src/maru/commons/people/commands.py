"""``maru person create|grant|token``: the first administrator comes from here."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    """Add ``person``."""
    person = subparsers.add_parser("person", help="accounts and roles")
    acts = person.add_subparsers(dest="act", metavar="ACT", required=True)
    create = acts.add_parser("create", parents=parents, help="make an account")
    create.add_argument("--name", default="")
    create.add_argument("--nickname", default="")
    create.add_argument(
        "--password", help="default: MARU_PASSWORD, else asked for; never on a shared machine"
    )
    create.set_defaults(run=_create)
    grant = acts.add_parser("grant", parents=parents, help="give a role to an account")
    grant.set_defaults(run=_grant)
    token = acts.add_parser("token", parents=parents, help="make an API token, printed once")
    token.add_argument("email")
    token.add_argument("--name", required=True, help="what it is for")
    token.add_argument("--days", type=int, default=0, help="how long it is valid; default: until revoked")
    token.add_argument("--json", action="store_true")
    token.set_defaults(run=_token)
    for one in (create, grant):
        one.add_argument("--email", required=True)
        one.add_argument(
            "--role",
            choices=["citizen", "officer", "moderator", "producer", "administrator"],
            default="citizen",
        )
        one.add_argument("--office", default="", help="code of an officer's office")


def _create(options: argparse.Namespace) -> int:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from maru.commons.people.operations import create_person
    from maru.platform.access.refusals import Refusal

    password = options.password or os.environ.get("MARU_PASSWORD") or getpass.getpass("Password: ")
    try:
        validate_password(password)
        with transaction.atomic():
            person = create_person(
                email=options.email,
                password=password,
                name=options.name,
                nickname=options.nickname,
                by="command line",
            )
            _give(person.pk, options)
    except ValidationError as fault:
        return _refused(" ".join(fault.messages))
    except Refusal as refusal:
        return _refused(str(refusal))
    print(f"made: {person.email} ({options.role})")
    return 0


def _grant(options: argparse.Namespace) -> int:
    from maru.commons.people.models import Person
    from maru.platform.access.refusals import Refusal

    person = Person.objects.filter(email=options.email.strip().lower()).first()
    if person is None:
        return _refused(f"there is no account {options.email}")
    try:
        _give(person.pk, options)
    except Refusal as refusal:
        return _refused(str(refusal))
    print(f"{person.email} is now {options.role}")
    return 0


def _token(options: argparse.Namespace) -> int:
    from maru.commons.people.models import Person
    from maru.commons.people.operations import create_token
    from maru.platform.access.refusals import Refusal

    person = Person.objects.filter(email=options.email.strip().lower()).first()
    if person is None:
        return _refused(f"there is no account {options.email}")
    try:
        told, token = create_token(person=person, name=options.name, days=options.days, by="command line")
    except Refusal as refusal:
        return _refused(str(refusal))
    if options.json:
        expires = token.expires_at.isoformat() if token.expires_at else None
        shape = {"token": told, "email": person.email, "name": token.name, "prefix": token.prefix}
        print(json.dumps({**shape, "expires_at": expires}))
    else:
        # Alone on the standard output, so that a script can take it: TOKEN=$(maru person token …)
        print(told)
    return 0


def _give(pk: int, options: argparse.Namespace) -> None:
    from maru.commons.offices.models import Office
    from maru.commons.people.models import Person
    from maru.commons.people.operations import grant_role
    from maru.platform.access.refusals import Invalid

    if options.role == "citizen":
        return
    office = None
    if options.office:
        office = Office.objects.filter(code=options.office).first()
        if office is None:
            raise Invalid("office", f"there is no office {options.office}")
    grant_role(person=Person.objects.get(pk=pk), role=options.role, office=office, by="command line")


def _refused(reason: str) -> int:
    print(f"maru: {reason}", file=sys.stderr)
    return 1
