"""``demo load`` and ``demo remove``: while nobody serves the directory."""

from __future__ import annotations

import logging
from argparse import Namespace

import django
from django.conf import settings
from django.utils.module_loading import import_string
from filelock import FileLock, Timeout

from guanxi_crm.serve.told import warn

__all__ = ["main"]

_HELD = 4


def main(given: Namespace) -> int:
    """Load the simulated company, or take it out."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(settings.DATA_DIR / "serve.lock", timeout=0):
            django.setup()
            # What happens is told in sentences here, not in a log.
            logging.getLogger("guanxi_crm").setLevel(logging.WARNING)
            if given.command == "demo-load":
                return import_string("guanxi_crm.serve.simulated.load")(given.customers)
            return import_string("guanxi_crm.serve.simulated.remove")()
    except Timeout:
        warn("crm_serve.held", path=str(settings.DATA_DIR))
        return _HELD
