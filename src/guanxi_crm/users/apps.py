"""The app `users` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "guanxi_crm.users"
    label = "users"
