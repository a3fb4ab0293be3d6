"""What the values of the choices are called: codes of `guanxi.words`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CHOICES", "choice_code"]

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "kind": ("person", "organisation"),
    "gender": ("female", "male", "other"),
    "segment": (
        "champions", "loyal", "potential_loyal", "new", "promising", "need_attention", "about_to_sleep", "at_risk",
        "cannot_lose", "hibernating", "no_purchase_yet",
    ),
    "value_group": ("high", "potential", "ordinary", "low"),
    "abc": ("A", "B", "C"),
    "churn_band": ("high", "medium", "low"),
})  # fmt: skip
"""Field → its values, in the order in which they are offered."""

_PREFIX = {"segment": "segments.", "value_group": "segments.group_", "churn_band": "crm_customers.band_"}


def choice_code(name: str, value: str) -> str | None:
    """The code of what a value is called; None where it speaks for itself, as A of the ABC classes."""
    if value not in CHOICES.get(name, ()) or name == "abc":
        return None
    return _PREFIX.get(name, f"crm_customers.{name}_") + value
