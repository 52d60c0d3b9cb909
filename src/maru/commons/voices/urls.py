"""Addresses of the office inbox, below ``/offices/``."""

from django.urls import path

from maru.commons.voices import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/<str:public_id>/", views.inbox_voice, name="inbox_voice"),
    path("inbox/<str:public_id>/answer/", views.answer, name="inbox_answer"),
    path("inbox/<str:public_id>/pass-on/", views.pass_on, name="inbox_pass_on"),
]
