"""Address of the audit log, ``/audit/``: here and not in the platform, since it names people."""

from django.urls import path

from maru.commons.people import views

urlpatterns = [path("", views.audit, name="audit")]
