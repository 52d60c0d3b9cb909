"""Addresses of the administrators' pages of accounts, below ``/people/``."""

from django.urls import path

from maru.commons.people import views, views_tokens

urlpatterns = [
    path("", views.people, name="people"),
    path("<int:key>/", views.person, name="person"),
    path("<int:key>/grant/", views.grant, name="person_grant"),
    path("<int:key>/revoke/<int:grant_key>/", views.revoke, name="person_revoke"),
    path("<int:key>/active/", views.set_active, name="person_active"),
    path("<int:key>/tokens/<int:token_key>/revoke/", views_tokens.revoke_of, name="person_token_revoke"),
]
