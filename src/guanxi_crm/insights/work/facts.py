"""The headline figures of each study: two to four numbers that say at a glance what it found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mine import Mined
from guanxi.mine.document import document_of
from guanxi.report.document import Fact, money_kind
from guanxi.studies import Result
from guanxi.words import Message

__all__ = ["facts_of"]

_LEAVING = ("at_risk", "cannot_lose")
_SOON = dt.timedelta(days=30)


def facts_of(mined: Mined, result: Result) -> list[Fact]:
    """The headline figures of one study of a run; none where it has nothing to count."""
    return list(_FACTS[result.study](mined, result)) if result.study in _FACTS else []


def _overview(mined: Mined, _: Result) -> Iterator[Fact]:
    yield from document_of(mined).facts


def _value(mined: Mined, result: Result) -> Iterator[Fact]:
    customers = result.tables["customers"]
    days = {"days": mined.horizon_days}
    kind = money_kind(mined.snapshot.settings.currency)
    yield Fact(Message("crm_insights.fact_expected_amount", days), _sum(customers, "expected_amount"), kind)
    yield Fact(Message("crm_insights.fact_expected_orders", days), _sum(customers, "expected_orders"), "number")
    alive = customers.filter(pc.fill_null(pc.greater_equal(customers["p_alive"], 0.5), False))
    yield Fact(Message("crm_insights.fact_alive"), alive.num_rows, "int")


def _next_purchase(mined: Mined, result: Result) -> Iterator[Fact]:
    customers = result.tables["customers"]
    days = {"days": _SOON.days}
    due = customers.filter(pc.fill_null(pc.less(customers["due_on"], mined.as_of + _SOON), False))
    yield Fact(Message("crm_insights.fact_due", days), due.num_rows, "int")
    kind = money_kind(mined.snapshot.settings.currency)
    if (amount := _sum(due, "next_order_amount")) is not None:
        yield Fact(Message("crm_insights.fact_due_amount"), amount, kind)


def _segments(_: Mined, result: Result) -> Iterator[Fact]:
    customers = result.tables["customers"]
    yield Fact(Message("segments.champions"), _count(customers, "segment", ("champions",)), "int")
    yield Fact(Message("crm_insights.fact_leaving"), _count(customers, "segment", _LEAVING), "int")
    yield Fact(Message("segments.group_high"), _count(customers, "value_group", ("high",)), "int")


def _churn(mined: Mined, result: Result) -> Iterator[Fact]:
    customers = result.tables["customers"]
    yield Fact(Message("crm_insights.fact_asked"), customers.num_rows, "int")
    yield Fact(Message("crm_insights.fact_high"), _count(customers, "churn_band", ("high",)), "int")
    yield Fact(Message("crm_insights.fact_medium"), _count(customers, "churn_band", ("medium",)), "int")
    if (amount := _sum(customers, "value_at_risk")) is not None:
        kind = money_kind(mined.snapshot.settings.currency)
        yield Fact(Message("crm_insights.fact_at_risk", {"days": mined.horizon_days}), amount, kind)


def _affinity(_: Mined, result: Result) -> Iterator[Fact]:
    yield Fact(Message("crm_insights.fact_rules"), result.tables["rules"].num_rows, "int")
    yield Fact(Message("crm_insights.fact_baskets"), int(str(result.parameters["baskets"])), "int")
    companions = result.tables["companions"]
    yield Fact(Message("crm_insights.fact_companions"), len(pc.unique(companions["product"])), "int")


def _coverage(_: Mined, result: Result) -> Iterator[Fact]:
    cells = result.tables["coverage"]
    yield Fact(Message("crm_insights.fact_products_covered"), len(pc.unique(cells["product"])), "int")
    candidates = result.tables["candidates"]
    yield Fact(Message("crm_insights.fact_to_reach"), len(pc.unique(candidates["customer_id"])), "int")


_FACTS: dict[str, Callable[[Mined, Result], Iterator[Fact]]] = {
    "overview": _overview, "value": _value, "next_purchase": _next_purchase, "segments": _segments, "churn": _churn,
    "affinity": _affinity, "coverage": _coverage,
}  # fmt: skip


def _sum(table: pa.Table, column: str) -> float | None:
    """None where nobody's is known."""
    return pc.sum(table[column]).as_py()


def _count(table: pa.Table, column: str, values: tuple[str, ...]) -> int:
    return int(pc.sum(pc.is_in(table[column], pa.array(values))).as_py() or 0)
