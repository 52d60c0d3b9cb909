"""Icons: one file of symbols, put into the page as inline SVG so that they take the colour of the text beside them."""

import re
from functools import lru_cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

SPRITE = Path(__file__).parent / "static" / "ui" / "icons.svg"


class UnknownIcon(LookupError):
    """A template names an icon that icons.svg does not have."""


@lru_cache(maxsize=1)
def shapes() -> dict[str, str]:
    """Return the inside of every symbol by its name."""
    found = re.findall(
        r'<symbol id="([a-z-]+)">(.*?)</symbol>', SPRITE.read_text(encoding="utf-8"), re.DOTALL
    )
    return dict(found)


def svg(name: str, size: str = "") -> SafeString:
    """Draw an icon; it is decoration to a screen reader, so words must stand beside it. Raises UnknownIcon."""
    try:
        shape = shapes()[name]
    except KeyError:
        raise UnknownIcon(f"no icon {name!r} in icons.svg; there are {', '.join(sorted(shapes()))}") from None
    extra = f" icon--{size}" if size in {"small", "large"} else ""
    # Safe: the shapes come from our own file, the name was found in it.
    return mark_safe(  # noqa: S308
        f'<svg class="icon{extra}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{shape}</svg>'
    )
