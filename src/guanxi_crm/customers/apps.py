"""The app `customers` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "guanxi_crm.customers"
    label = "customers"
