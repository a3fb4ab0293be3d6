"""The worker of background jobs."""

from __future__ import annotations

from argparse import Namespace

import django
from django.utils.module_loading import import_string

from guanxi_crm.core.process import end_with_parent

__all__ = ["main"]


def main(given: Namespace) -> int:
    """Run jobs until told to stop, or until nothing is due."""
    if given.parent:
        end_with_parent(given.parent)
    django.setup()
    import_string("guanxi_crm.core.jobs.worker.work")(until_idle=given.until_idle)
    return 0
