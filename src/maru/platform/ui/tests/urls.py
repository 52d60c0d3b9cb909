"""Addresses for the tests of the design system alone: the house's own pages and the account pages."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("maru.platform.ui.urls")),
]
handler404 = "maru.platform.access.pages.not_found"
handler500 = "maru.platform.access.pages.fault"
