"""Addresses of the sources."""

from django.urls import path

from maru.commons.sources import views, views_push

app_name = "sources"
urlpatterns = [
    path("sources/", views.catalogue, name="catalogue"),
    path("sources/ages.json", views.ages, name="ages"),
    path("sources/<slug:name>/", views.source, name="source"),
    path("sources/<slug:name>/now/", views.now, name="now"),
    path("sources/<slug:name>/letters/", views.letters, name="letters"),
    path("sources/<slug:name>/letters/<int:letter>/raw", views.raw_letter, name="raw_letter"),
    path("sources/<slug:name>/act/", views.act, name="act"),
    path("sources/<slug:name>/columns/", views.columns, name="columns"),
    path("sources/<slug:name>/deliver/", views_push.deliver, name="deliver"),
]
