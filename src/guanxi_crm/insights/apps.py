"""The app `insights` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "guanxi_crm.insights"
    label = "insights"
