"""Finds template variables that nobody gave: Django prints nothing for them, and so hides misspellings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.template.base import FilterExpression, Node, Variable, VariableDoesNotExist
from django.template.context import Context

# Where one of these stands behind a variable, its absence is meant. `{% if x %}` never comes here.
_FORGIVING = frozenset({"default", "default_if_none", "yesno"})


@contextmanager
def missing_variables() -> Iterator[set[str]]:
    """Collect what our own templates use that does not exist, as ``variable in template``."""
    missing: set[str] = set()
    origins: list[str] = []
    render, resolve = Node.render_annotated, FilterExpression.resolve

    def watched_render(self: Node, context: Context) -> Any:
        origins.append(str(getattr(getattr(self, "origin", None), "name", "")))
        try:
            return render(self, context)
        finally:
            origins.pop()

    def watched_resolve(self: FilterExpression, context: Context, ignore_failures: bool = False) -> Any:
        watched = not ignore_failures and bool(origins) and _ours(origins[-1]) and not _forgives(self)
        if watched and isinstance(self.var, Variable):
            try:
                self.var.resolve(context)
            except VariableDoesNotExist:
                missing.add(f"{self.var} in {origins[-1].rpartition('/templates/')[2]}")
        return resolve(self, context, ignore_failures)

    patch = pytest.MonkeyPatch()
    patch.setattr(Node, "render_annotated", watched_render)
    patch.setattr(FilterExpression, "resolve", watched_resolve)
    try:
        yield missing
    finally:
        patch.undo()


def _forgives(expression: FilterExpression) -> bool:
    return any(
        getattr(function, "_filter_name", "") in _FORGIVING for function, _arguments in expression.filters
    )


def _ours(origin: str) -> bool:
    return "/maru/" in origin and "site-packages" not in origin
