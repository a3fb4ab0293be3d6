"""The studies that there are, by name: what pages know of them without importing the mine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GRADES", "HORIZON_DAYS", "HORIZON_LIMITS", "ICONS", "STUDIES"]


@dataclass(frozen=True)
class _Study:
    name: str
    icon: str
    """Of Tabler's."""


_KNOWN = (
    _Study("overview", icon="chart-histogram"),
    _Study("value", icon="coin"),
    _Study("next_purchase", icon="calendar-time"),
    _Study("segments", icon="users-group"),
    _Study("churn", icon="door-exit"),
    _Study("affinity", icon="affiliate"),
    _Study("coverage", icon="target"),
)

STUDIES = tuple(each.name for each in _KNOWN)
"""In the order in which they run; a test holds this to ``guanxi.studies.STUDIES``. In words a study is
``crm_insights.study_STUDY``, its question ``STUDY.question``, with ``STUDY.gate`` and ``STUDY.method``."""

ICONS = {each.name: each.icon for each in _KNOWN}

GRADES = ("A", "B", "C", "D")
HORIZON_DAYS = 90
HORIZON_LIMITS = (7, 730)
"""Within which a horizon may be chosen, in days."""
