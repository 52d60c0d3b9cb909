"""Finds template variables that nobody gave: Django prints nothing for them, and so hides misspellings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.template.base import FilterExpression, Variable, VariableDoesNotExist
from django.template.context import BaseContext

# Where these stand around a variable, its absence is meant (`{% if x %}`, `|default:`).
_FORGIVING_FILTERS = {"default", "default_if_none", "yesno"}


@contextmanager
def missing_variables() -> Iterator[set[str]]:
    """Collect the names of variables printed by ``{{ }}`` in our own templates that do not exist."""
    missing: set[str] = set()
    real = FilterExpression.resolve

    def resolve(self: FilterExpression, context: BaseContext, ignore_failures: bool = False) -> Any:
        variable = self.var
        if (
            not ignore_failures
            and isinstance(variable, Variable)
            and not {name for name in _filter_names(self)} & _FORGIVING_FILTERS
            and _ours(context)
        ):
            try:
                variable.resolve(context)
            except VariableDoesNotExist:
                template: Any = getattr(context, "template_name", "?")
                missing.add(f"{variable.var} in {template}")
        return real(self, context, ignore_failures)

    patch = pytest.MonkeyPatch()
    patch.setattr(FilterExpression, "resolve", resolve)
    try:
        yield missing
    finally:
        patch.undo()


def _filter_names(expression: FilterExpression) -> Iterator[str]:
    for function, _arguments in expression.filters:
        yield getattr(function, "_filter_name", getattr(function, "__name__", ""))


def _ours(context: BaseContext) -> bool:
    template = getattr(getattr(context, "render_context", None), "template", None)
    origin = str(getattr(getattr(template, "origin", None), "name", ""))
    return "/maru/" in origin and "site-packages" not in origin
