"""The page /design/: every component, alive and as a snippet, in each theme and language."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Show the design system."""
    return render(request, "ui/design.html", {})
