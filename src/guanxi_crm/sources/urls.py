"""Addresses of `sources`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.sources import views

app_name = "sources"
urlpatterns = [
    path("", views.list_view, name="list"),
    path("new/", views.create_view, name="create"),
    path("sample.csv", views.sample_view, name="sample"),
    path("sync/", views.sync_view, name="sync"),
    path("<uuid:import_id>/", views.show_view, name="show"),
    path("<uuid:import_id>/columns/", views.map_view, name="map"),
    path("<uuid:import_id>/look/", views.look_view, name="look"),
    path("<uuid:import_id>/start/", views.start_view, name="start"),
    path("<uuid:import_id>/undo/", views.undo_view, name="undo"),
    path("<uuid:import_id>/discard/", views.discard_view, name="discard"),
    path("<uuid:import_id>/rejects.csv", views.rejects_view, name="rejects"),
]
