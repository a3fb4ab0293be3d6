"""Addresses of `core`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.core.views import job_cancel_view, job_view, undo_view

app_name = "core"
urlpatterns = [
    path("undo/<uuid:undo_id>/", undo_view, name="undo"),
    path("jobs/<uuid:job_id>/", job_view, name="job"),
    path("jobs/<uuid:job_id>/cancel/", job_cancel_view, name="job_cancel"),
]
