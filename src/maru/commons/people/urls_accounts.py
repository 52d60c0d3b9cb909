"""Addresses of one's own account, below ``/accounts/`` beside django-allauth's."""

from django.urls import path

from maru.commons.people import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("delete/", views.delete, name="account_delete"),
]
