"""Addresses of `core`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.core.views import undo_view

app_name = "core"
urlpatterns = [path("undo/<uuid:undo_id>/", undo_view, name="undo")]
