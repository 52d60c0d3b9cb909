"""Template library `ui`: every component of the design system. Usage of each: platform/ui/README.md and /design/."""

from maru.platform.ui.components import actions, content, form_parts, navigation
from maru.platform.ui.components.library import register

__all__ = ["actions", "content", "form_parts", "navigation", "register"]
