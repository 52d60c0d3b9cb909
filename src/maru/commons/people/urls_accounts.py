"""Addresses of one's own account, below ``/accounts/`` beside django-allauth's."""

from django.urls import path

from maru.commons.people import views, views_tokens

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("delete/", views.delete, name="account_delete"),
    path("tokens/", views_tokens.tokens, name="tokens"),
    path("tokens/<int:key>/revoke/", views_tokens.revoke, name="token_revoke"),
]
