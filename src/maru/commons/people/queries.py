"""Reading accounts, for administrators."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from maru.commons.people.models import ApiToken, Grant, Person, Role


def find_people(*, words: str = "", role: str = "") -> QuerySet[Person]:
    """Accounts whose e-mail, name or nickname contains ``words``; ``role`` keeps its holders only."""
    found = Person.objects.prefetch_related(
        Prefetch("grants", queryset=Grant.objects.select_related("office"))
    ).order_by("email")
    words = words.replace("\x00", "").strip()
    if words:
        found = found.filter(
            Q(email__icontains=words) | Q(name__icontains=words) | Q(nickname__icontains=words)
        )
    if role in Role.values:
        found = found.filter(grants__role=role).distinct()
    elif role == "staff":
        found = found.filter(grants__isnull=False).distinct()
    return found


def names_of(actors: set[str]) -> dict[str, str]:
    """What to call the actors of audit entries and steps: ``person:12`` -> a name; unknown ones are left out."""
    keys = [int(actor[7:]) for actor in actors if actor.startswith("person:") and actor[7:].isdecimal()]
    return {f"person:{person.pk}": person.display_name for person in Person.objects.filter(pk__in=keys)}


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    """The API tokens of one person, newest first, also those that open nothing any more."""
    return ApiToken.objects.filter(person=person)
