"""Which scores are shown now, and which were before."""

from __future__ import annotations

from django.db.models import QuerySet

from guanxi_crm.core.prepared import Prepared, kept
from guanxi_crm.customers.models import ScoreVersion

__all__ = ["current_version", "kept_versions"]


def current_version() -> ScoreVersion | None:
    """The version whose scores pages show; None before the first publication. One query of one row."""
    return next(iter(kept(_current).records()), None)


def kept_versions() -> QuerySet[ScoreVersion]:
    """Versions that were published and not taken back, newest first."""
    return ScoreVersion.objects.filter(state=ScoreVersion.State.KEPT).order_by("-published_at", "-pk")


def _current() -> Prepared:
    return Prepared(ScoreVersion.objects.filter(is_current=True))
