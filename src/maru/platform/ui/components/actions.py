"""Components that one presses: icons, buttons, confirmation, dialog."""

from __future__ import annotations

from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maru.platform.ui import icons
from maru.platform.ui.components.library import (
    BUTTON_KINDS,
    classes,
    known,
    register,
)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon of static/ui/icons.svg; size "", "small" or "large"."""
    return icons.svg(name, size)


@register.simple_tag
def button(
    label: str,
    kind: str = "primary",
    type: str = "submit",
    icon: str = "",
    name: str = "",
    value: str = "",
    extra: str = "",
    disabled: bool = False,
    pressed: bool | None = None,
    form: str = "",
    opens: str = "",
    closes: bool = False,
    label_hidden: bool = False,
) -> SafeString:
    """Draw a button. `opens` is the id of a dialog; `label_hidden` leaves only the icon to the eye."""
    known(kind, BUTTON_KINDS, "button kind")
    attributes: list[tuple[str, str]] = [("type", "button" if opens or closes else type)]
    attributes += [
        (key, text) for key, text in (("name", name), ("form", form), ("data-opens", opens)) if text
    ]
    if value or name:
        attributes.append(("value", value))
    if pressed is not None:
        attributes.append(("aria-pressed", "true" if pressed else "false"))
    return format_html(
        '<button class="{}"{}{}{}>{}{}</button>',
        classes("button", f"button--{kind}", "button--icon" if label_hidden else "", extra),
        format_html_join("", ' {}="{}"', attributes),
        SafeString(" data-closes") if closes else "",
        SafeString(" disabled") if disabled else "",
        icons.svg(icon) if icon else "",
        format_html(
            '<span class="{}">{}</span>', "visually-hidden" if label_hidden else "button__label", label
        ),
    )


@register.simple_tag
def link_button(
    label: str,
    href: str,
    kind: str = "primary",
    icon: str = "",
    extra: str = "",
    download: bool = False,
    label_hidden: bool = False,
) -> SafeString:
    """Draw a link that looks like a button: it goes somewhere, it changes nothing."""
    known(kind, BUTTON_KINDS, "button kind")
    return format_html(
        '<a class="{}" href="{}"{}>{}{}</a>',
        classes("button", f"button--{kind}", "button--icon" if label_hidden else "", extra),
        href,
        SafeString(" download") if download else "",
        icons.svg(icon) if icon else "",
        format_html(
            '<span class="{}">{}</span>', "visually-hidden" if label_hidden else "button__label", label
        ),
    )


@register.simple_block_tag
def confirm(
    content: str, label: str, title: str, kind: str = "danger", icon: str = "", extra: str = ""
) -> SafeString:
    """Ask before a grave act. Works without JavaScript: the button opens a panel that holds the real form."""
    known(kind, BUTTON_KINDS, "button kind")
    return format_html(
        '<details class="{}"><summary class="button button--{}">{}<span class="button__label">{}</span></summary>'
        '<div class="confirm__panel" role="group" aria-label="{}"><p class="confirm__title">{}</p>{}</div></details>',
        classes("confirm", extra),
        kind,
        icons.svg(icon) if icon else "",
        label,
        title,
        title,
        content,
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """Draw a dialog that a button with `opens=id` opens. Only for what has another way without JavaScript."""
    return format_html(
        '<dialog class="dialog" id="{}" aria-labelledby="{}-title"><div class="dialog__head">'
        '<h2 class="dialog__title" id="{}-title">{}</h2>{}</div>{}</dialog>',
        id,
        id,
        id,
        title,
        button(translation.gettext("Close"), kind="quiet", icon="close", closes=True, label_hidden=True),
        content,
    )
