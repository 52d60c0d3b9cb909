"""Addresses of voices for everyone, below ``/voices/``."""

from django.urls import path

from maru.commons.voices import views

urlpatterns = [
    path("mine/", views.mine, name="my_voices"),
    path("<str:public_id>/", views.voice, name="voice"),
]
