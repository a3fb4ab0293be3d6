"""The app `sources` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "guanxi_crm.sources"
    label = "sources"
