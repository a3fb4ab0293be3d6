"""The app `sales` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "guanxi_crm.sales"
    label = "sales"
