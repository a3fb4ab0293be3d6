"""The app `site` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "guanxi_crm.site"
    label = "site"
