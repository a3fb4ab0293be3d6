"""The app `core` as Django knows it."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from django.apps import AppConfig, apps

from guanxi import words


class CoreConfig(AppConfig):
    name = "guanxi_crm.core"
    label = "core"

    def ready(self) -> None:
        """Make known what each app declares: its record types, and the handlers of its jobs."""
        words.include("guanxi_crm.words")
        for app in apps.get_app_configs():
            if app.name.startswith("guanxi_crm."):
                for room in ("records", "handlers", "navigation", "undo"):
                    if find_spec(f"{app.name}.{room}"):
                        importlib.import_module(f"{app.name}.{room}")
