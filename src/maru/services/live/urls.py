"""Addresses of the live room."""

from django.urls import path

from maru.services.live.views import conversation, feeds, host, moderation, public, routing, studio

app_name = "live"
urlpatterns = [
    path("live/", public.guide, name="guide"),
    path("live/calendar.ics", feeds.calendar, name="calendar"),
    path("live/programmes/<slug:slug>/", public.programme, name="programme"),
    path("live/<slug:slug>/", public.broadcast, name="broadcast"),
    path("live/<slug:slug>/embed/", public.embed, name="embed"),
    path("live/<slug:slug>/transcript/", public.transcript, name="transcript"),
    path("live/<slug:slug>/opinions.csv", feeds.csv, name="opinions_csv"),
    path("live/<slug:slug>/opinions.json", feeds.json, name="opinions_json"),
    path("live/<slug:slug>/opinions/", conversation.opinions, name="opinions"),
    path("live/<slug:slug>/opinions/mine/", conversation.mine, name="mine"),
    path("live/<slug:slug>/opinions/<str:opinion>/vote/", conversation.vote, name="vote"),
    path("studio/", studio.shelf, name="studio_list"),
    path("studio/new/", studio.new, name="studio_new"),
    path("studio/<slug:slug>/", studio.desk, name="studio"),
    path("studio/<slug:slug>/settings/", studio.settings, name="studio_settings"),
    path("studio/<slug:slug>/start/", studio.start, name="studio_start"),
    path("studio/<slug:slug>/end/", studio.end, name="studio_end"),
    path("studio/<slug:slug>/cancel/", studio.cancel, name="studio_cancel"),
    path("studio/<slug:slug>/override/", studio.override, name="studio_override"),
    path("studio/<slug:slug>/key/", studio.key, name="studio_key"),
    path("studio/<slug:slug>/backup/", studio.backup, name="studio_backup"),
    path("studio/<slug:slug>/chapters/", studio.chapter_new, name="studio_chapter_new"),
    path("studio/<slug:slug>/chapters/<int:chapter>/", studio.chapter, name="studio_chapter"),
    path("studio/<slug:slug>/host/", host.screen, name="host"),
    path("studio/<slug:slug>/host/<str:opinion>/", host.act, name="host_act"),
    path("studio/<slug:slug>/moderation/", moderation.queue, name="moderation"),
    path("studio/<slug:slug>/moderation/<str:opinion>/", moderation.act, name="moderation_act"),
    path("studio/<slug:slug>/routing/", routing.page, name="routing"),
]
