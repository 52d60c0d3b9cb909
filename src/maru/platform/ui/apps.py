from django.apps import AppConfig


class UiConfig(AppConfig):
    """The design system: tokens, components, base templates, the pages of the house itself."""

    name = "maru.platform.ui"
    label = "ui"
    verbose_name = "Design system"
