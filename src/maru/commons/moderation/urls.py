"""Addresses of the moderators' pages, below ``/moderation/``."""

from django.urls import path

from maru.commons.moderation import views

urlpatterns = [
    path("words/", views.words, name="blocked_words"),
    path("words/add/", views.add, name="blocked_word_add"),
    path("words/<int:key>/remove/", views.remove, name="blocked_word_remove"),
    path("blocks/<int:key>/lift/", views.lift, name="block_lift"),
]
