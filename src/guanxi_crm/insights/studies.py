"""The studies that there are, by name: what pages know of them without importing the mine."""

from __future__ import annotations

__all__ = ["GRADES", "HORIZON_DAYS", "HORIZON_LIMITS", "ICONS", "STUDIES"]

STUDIES = ("overview", "value", "next_purchase", "segments", "churn", "affinity", "coverage")
"""In the order in which they run; a test holds this to ``guanxi.studies.STUDIES``. In words a study is its question,
``STUDY.question``, with ``STUDY.gate`` and ``STUDY.method``."""

GRADES = ("A", "B", "C", "D")
HORIZON_DAYS = 90
HORIZON_LIMITS = (7, 730)
"""Within which a horizon may be chosen, in days."""

ICONS = {
    "overview": "chart-histogram", "value": "coin", "next_purchase": "calendar-time", "segments": "users-group",
    "churn": "door-exit", "affinity": "affiliate", "coverage": "target",
}  # fmt: skip
"""Of Tabler's."""
