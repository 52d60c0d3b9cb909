"""Offices: the parts of the city government that answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Office(models.Model):
    """One office. ``names`` maps a language code to its name; ``code`` is stable across loads of the city."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    names = models.JSONField(_("names"), default=dict)
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    district = models.CharField(_("district"), max_length=60, blank=True)
    position = models.PositiveIntegerField(default=0)
    answers = models.BooleanField(_("answers citizens"), default=True)
    answer_days = models.PositiveSmallIntegerField(_("days to answer"), default=7)

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page, else in any."""
        return in_language(self.names) or self.code


def in_language(names: dict[str, str]) -> str:
    """The text of ``names`` in the active language, else English, else any there is; "" if none."""
    language = get_language() or ""
    for code in (language, language.split("-")[0], "en"):
        if names.get(code):
            return names[code]
    return next((text for text in names.values() if text), "")
