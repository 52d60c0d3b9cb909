"""The address plan of the house. Services bring their own; here they are only hung up."""

from __future__ import annotations

from django.urls import include, path

from maru.platform.registry.manifests import service_urls
from maru.project.api import api
from maru.project.health import health, metrics

urlpatterns = [
    path("health/", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", api.urls),
    path("accounts/", include("maru.commons.people.urls_accounts")),
    path("accounts/", include("allauth.urls")),
    path("people/", include("maru.commons.people.urls")),
    path("offices/", include("maru.commons.voices.urls")),
    path("moderation/", include("maru.commons.moderation.urls")),
    path("voices/", include("maru.commons.voices.urls_public")),
    path("audit/", include("maru.commons.people.urls_audit")),
    *service_urls(),
    path("", include("maru.platform.ui.urls")),
]

handler400 = "maru.platform.access.pages.bad_request"
handler403 = "maru.platform.access.pages.forbidden"
handler404 = "maru.platform.access.pages.not_found"
handler500 = "maru.platform.access.pages.fault"
