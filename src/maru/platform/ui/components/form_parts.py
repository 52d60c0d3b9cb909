"""Components of forms."""

from __future__ import annotations

from typing import Any

from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from maru.platform.ui.components.library import (
    register,
)


@register.inclusion_tag("ui/components/field.html")
def field(
    bound: BoundField, hint: str = "", label: str = "", extra: str = "", label_hidden: bool = False
) -> dict[str, Any]:
    """Draw a form field of any widget with its label, hint and errors."""
    if hint:
        # BoundField itself writes aria-describedby from help_text; so the hint must be there.
        bound.help_text = hint
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    return {
        "field": bound,
        "label": label or bound.label,
        "label_hidden": label_hidden,
        "extra": extra,
        "single_choice": kind == "checkbox" and not widget.use_fieldset,
        "many_choices": kind in {"checkbox", "radio"} and widget.use_fieldset,
        "grouped": widget.use_fieldset,
        "optional": not bound.field.required and kind != "checkbox",
        "counter": widget.attrs.get("maxlength") if bound.widget_type == "textarea" else None,
    }


@register.inclusion_tag("ui/components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """List the form's errors at the top of the page, each a link to its field."""
    return {"form": form}


@register.simple_block_tag
def fieldset(content: str, legend: str, hint: str = "") -> SafeString:
    """Put fields that belong together under one legend."""
    return format_html(
        '<fieldset class="fieldset"><legend class="fieldset__legend">{}</legend>{}{}</fieldset>',
        legend,
        format_html('<p class="field__hint">{}</p>', hint) if hint else "",
        content,
    )
