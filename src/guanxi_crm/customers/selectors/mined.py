"""What the mine says of one customer, as far as a user may see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from guanxi.words import Message, Money, has
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion, SegmentChange
from guanxi_crm.customers.records import SCORE_FIELDS

__all__ = ["Mined", "Reason", "mined_in", "mined_of", "scores_readable", "segment_history"]

_INTERVALS = ("expected_orders", "expected_amount")
_CHANGES_SHOWN = 12
_MAIN_SCORE = {"segments": "segment", "value": "expected_amount", "churn": "churn_probability"}
"""Study → the score whose permissions hold for its reasons."""
_TOLD_BY: Mapping[str, str] = MappingProxyType({
    "silence": "days_since_last_order", "recency": "days_since_last_order", "rhythm": "mean_days_between_orders",
    "one_day": "orders", "frequency": "orders", "orders": "orders", "recent_orders": "orders",
    "tenure": "first_order_at",
    "order_amount": "amount", "recent_amount": "amount", "amount": "amount", "returns": "returns_amount",
    "variety": "items", "weekend": "orders",
})  # fmt: skip
"""Of a reason ``AREA.reason_NAME``: the field that its value would tell of. One we do not know counts as money."""


@dataclass(frozen=True)
class Reason:
    """Why a score is what it is: a sentence with the customer's own value, and whether it raises the score."""

    message: Message
    effect: float

    @property
    def raises(self) -> bool:
        return self.effect > 0


@dataclass(frozen=True)
class Mined:
    """Scores of the version that is shown: only fields that the user may see are in ``values``."""

    version: ScoreVersion
    values: Mapping[str, Any]
    reasons: Mapping[str, list[Reason]]
    """Study → reasons, strongest first."""

    @property
    def horizon_ends_on(self) -> dt.date:
        """The day to which what is expected reaches."""
        return self.version.as_of + dt.timedelta(days=self.version.horizon_days)


def mined_of(customer: Customer, *, user: Actor) -> Mined | None:
    """The current scores of a customer; None where no version is current or he is not in it. One query."""
    found = kept(_current_scores).records(customer.pk)
    return mined_in(found[0], readable=scores_readable(user)) if found else None


def scores_readable(user: Actor) -> list[str]:
    """The scores that a user may see: for `mined_in`, where it is asked of many."""
    return [field.name for field in SCORE_FIELDS if user.may_read("customer", field.name)]


def mined_in(found: CustomerScores, *, readable: Sequence[str], with_reasons: bool = True) -> Mined:
    """Scores that were read already, with their version, as far as somebody may see them (`scores_readable`). No
    query."""
    values = {name: getattr(found, name) for name in readable}
    for name in _INTERVALS:
        if name in values:
            values |= {f"{name}_{end}": getattr(found, f"{name}_{end}") for end in ("low", "high")}
    explained = found.reasons if with_reasons else {}
    reasons = {
        study: _reasons(told, found.scored.currency, readable)
        for study, told in explained.items()
        if _MAIN_SCORE.get(study) in readable
    }
    return Mined(found.scored, values, reasons)


def segment_history(customer: Customer, *, user: Actor) -> list[SegmentChange]:
    """In which segments he was before, his latest twelve changes, the last first; none where segments are hidden."""
    if not user.may_read("customer", "segment"):
        return []
    return kept(_segment_changes).records(customer.pk)


def _current_scores() -> Prepared:
    current = CustomerScores.objects.filter(customer=STAND_IN, scored__is_current=True)
    return Prepared(current.select_related("scored"))


def _segment_changes() -> Prepared:
    shown = SegmentChange.objects.filter(
        customer=STAND_IN, scored__state__in=(ScoreVersion.State.KEPT, ScoreVersion.State.SWEPT)
    )
    return Prepared(shown.order_by("-as_of", "-pk")[:_CHANGES_SHOWN])


def _reasons(told: list[list[Any]], currency: str, readable: Sequence[str]) -> list[Reason]:
    reasons = []
    for code, value, effect in told:
        name = str(code).partition(".reason_")[2]
        if has(code) and value is not None and _TOLD_BY.get(name, "amount") in readable:
            amount = Money(value, currency) if code.endswith("amount") else value
            reasons.append(Reason(Message(code, {"value": amount}), float(effect)))
    return reasons
