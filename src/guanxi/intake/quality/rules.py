"""The rules by name: which measure each belongs to, how severe it is, and what a broken one looks like.

A *breach* is a rule with the records that break it; the sentences are in ``words/quality.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["EXAMPLES", "RULES", "Breach", "Rule"]

EXAMPLES = 5
"""Examples kept of each breach."""


@dataclass(frozen=True)
class Rule:
    """One rule: its measure, and 3 (records are lost), 2 (results come out wrong) or 1 (worth a look)."""

    measure: str
    severity: int


@dataclass(frozen=True)
class Breach:
    """A rule and the records that break it."""

    rule: str
    column: str | None
    """None where the whole record is concerned."""
    rows: int
    records: tuple[int, ...] = ()
    """Up to `EXAMPLES`, from 1."""
    values: tuple[str | None, ...] | None = None
    """Of the examples; None where they are still to be looked up."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    estimated: int = 0
    """Records that are probably concerned, where none can be pointed at."""


def _rules(measure: str, **severities: int) -> dict[str, Rule]:
    return {name: Rule(measure, severity) for name, severity in severities.items()}


RULES: Mapping[str, Rule] = MappingProxyType(
    _rules(
        "accuracy", unread=3, unreadable=3, placeholder=3, unreadable_detail=1, country_unknown=1, currency_unknown=3,
        email_shape=1, phone_shape=1, birth_impossible=1, negative_price=2, price_outlier=2, quantity_outlier=2,
    )
    | _rules("completeness", missing=1, missing_required=3, missing_customer=2)
    | _rules(
        "consistency", amount_differs=2, order_customers=2, order_days=2, product_notes=1, product_names=1,
        cancellation_positive=2, return_without_sale=1, customer_countries=1, date_order=3, date_styles=1, repeated=1,
        key_repeated=1, total_row=1, header_again=1, empty_record=1,
    )
    | _rules("timeliness", old=1, silent_days=2, future=3, late=1)
    | _rules(
        "understandability", no_role=1, unsure_role=1, garbled=2, no_description=1, languages=1, currency_signs=2,
    )
)  # fmt: skip
