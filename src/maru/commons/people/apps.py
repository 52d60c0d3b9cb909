"""The people of the city."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Accounts, roles, devices."""

    name = "maru.commons.people"
    label = "people"
