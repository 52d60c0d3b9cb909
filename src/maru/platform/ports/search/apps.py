"""The Django app of the search port: its index is a table of the house's database."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Label ``search``."""

    name = "maru.platform.ports.search"
    label = "search"
    default_auto_field = "django.db.models.BigAutoField"
