"""Addresses of the house's own pages."""

from django.urls import path

from maru.platform.ui import showcase, views

urlpatterns = [
    path("", views.home, name="home"),
    path("design/", showcase.design, name="design"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
    path("manifest.webmanifest", views.web_manifest, name="web_manifest"),
    path("robots.txt", views.robots, name="robots"),
]
