"""What the overview says in the report."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Figure, Section
from guanxi.studies.base import Context
from guanxi.words import Message, country_name

__all__ = ["missing", "sections"]

_COHORTS = 13
_TOP_ROWS = 15
_GRACE_DAYS = 3
"""A first period still counts as complete if the first order came so many days into it: holidays, a weekend."""
_LONG_HISTORY_DAYS = 120
"""With less history than this, sales are shown by week."""

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class _Period:
    label: str
    orders: int
    amount: int
    returns_amount: int
    complete: bool


def sections(tables: Tables, context: Context) -> list[Section]:
    """The chapters ``sales``, ``returning`` (with cohorts), ``countries`` and ``products``."""
    found = [_sales(tables["sales_by_day"], context), _returning(tables, context)]
    countries = [row for row in tables["sales_by_country"].to_pylist() if row["country"]]
    if len(countries) > 1:
        found.append(_countries(countries, context))
    if tables["sales_by_product"].num_rows:
        found.append(_products(tables["sales_by_product"], context))
    return found


def missing(tables: Tables) -> list[Message]:
    """What the source would have to hold for more to be said."""
    lacking = []
    if not any(row["country"] for row in tables["sales_by_country"].to_pylist()):
        lacking.append(Message("overview.missing_country"))
    if tables["sales_by_product"].num_rows == 0:
        lacking.append(Message("overview.missing_product"))
    return lacking


def _sales(days: pa.Table, context: Context) -> Section:
    periods = list(_periods(days.to_pylist(), context.as_of))
    labels = [each.label for each in periods]
    whole = [each for each in periods if each.complete]
    finding = None
    if len(whole) >= 2 and whole[-2].amount > 0:
        before, last = whole[-2], whole[-1]
        change = (last.amount - before.amount) / before.amount
        best = max(whole, key=lambda each: each.amount)
        words = {"period": last.label, "before": before.label, "change": abs(change), "best": best.label}
        finding = Message("overview.finding_sales_up" if change >= 0 else "overview.finding_sales_down", words)
    incomplete = not periods[-1].complete
    sales = Figure(
        id="sales-over-time",
        title=Message("overview.figure_sales"),
        finding=finding,
        chart=charts.columns(
            labels, [each.amount for each in periods], kind=context.kind, name=Message("overview.column_amount"),
            incomplete_last=incomplete,
        ),
        caption=context.counted,
    )  # fmt: skip
    orders = Figure(
        id="orders-over-time",
        title=Message("overview.figure_orders"),
        chart=charts.line(
            labels, [(Message("overview.column_orders"), [each.orders for each in periods])], kind="int",
            incomplete_last=incomplete,
        ),
        caption=context.counted,
    )  # fmt: skip
    return Section(id="sales", title=Message("overview.sales"), figures=[sales, orders])


def _periods(days: Sequence[Mapping[str, Any]], as_of: dt.date) -> Iterator[_Period]:
    """Sales by month, or by week where the history is short; the first and the last may be incomplete."""
    first = days[0]["ordered_on"]
    weekly = (as_of - first).days < _LONG_HISTORY_DAYS
    sums: dict[dt.date, list[int]] = {}
    start = first - dt.timedelta(days=first.weekday()) if weekly else first.replace(day=1)
    while start < as_of:
        sums[start] = [0, 0, 0]
        start += dt.timedelta(days=7 if weekly else calendar.monthrange(start.year, start.month)[1])
    for row in days:
        day = row["ordered_on"]
        sum_of = sums[day - dt.timedelta(days=day.weekday()) if weekly else day.replace(day=1)]
        for place, name in enumerate(("orders", "amount", "returns_amount")):
            sum_of[place] += row[name]
    for begin, (orders, amount, returns) in sums.items():
        length = 7 if weekly else calendar.monthrange(begin.year, begin.month)[1]
        complete = begin + dt.timedelta(days=length) <= as_of and first <= begin + dt.timedelta(days=_GRACE_DAYS)
        yield _Period(begin.isoformat() if weekly else f"{begin:%Y-%m}", orders, amount, returns, complete)


def _returning(tables: Tables, context: Context) -> Section:
    counts = [row for row in tables["order_counts"].to_pylist() if row["orders"] > 0]
    figures = []
    if counts:
        buyers = sum(row["customers"] for row in counts)
        again = [row for row in counts if row["orders"] > 1]
        share = sum(row["customers"] for row in again) / buyers
        amount = sum(row["amount"] for row in counts) or 1
        shown = [1, 2, 3, 4, 5, 6, 11, None]
        ranges = list(itertools.pairwise(shown))
        per_range = [
            sum(row["customers"] for row in counts if low <= row["orders"] and (high is None or row["orders"] < high))
            for low, high in ranges
            if low is not None
        ]
        figures.append(
            Figure(
                id="order-counts",
                title=Message("overview.figure_order_counts"),
                finding=Message(
                    "overview.finding_returning",
                    {"share": share, "amount_share": sum(row["amount"] for row in again) / amount},
                ),
                chart=charts.histogram(
                    shown, per_range, kind="int", name=Message("overview.column_customers"),
                    by=Message("overview.column_orders"),
                ),
                caption=Message("overview.caption_returning", {"buyers": buyers, "as_of": context.as_of}),
            )
        )  # fmt: skip
    cohorts = _cohorts(tables["cohort_activity"].to_pylist(), context)
    return Section(
        id="returning",
        title=Message("overview.returning"),
        figures=[*figures, *cohorts],
    )


def _cohorts(rows: Sequence[Mapping[str, int]], context: Context) -> list[Figure]:
    complete = context.as_of.year * 12 + context.as_of.month - 2
    now = complete if context.as_of.day == 1 else complete + 1
    starts = sorted({row["first_month"] for row in rows})[-_COHORTS:]
    if len(starts) < 2:
        return []
    sizes = {row["first_month"]: row["customers"] for row in rows if row["first_month"] == row["month"]}
    active = {(row["first_month"], row["month"]): row["customers"] for row in rows}
    shares = [[active.get((start, month), 0) / sizes[start] for month in range(start + 1, now + 1)] for start in starts]
    # Who bought in the very first month may have been a customer long before.
    beginning = min(row["first_month"] for row in rows)
    seen = [(shares[place][0], sizes[start]) for place, start in enumerate(starts) if beginning < start < complete]
    finding = None
    if seen:
        mean = sum(share * size for share, size in seen) / sum(size for _, size in seen)
        finding = Message("overview.finding_cohorts", {"share": mean})
    return [
        Figure(
            id="cohorts",
            title=Message("overview.figure_cohorts"),
            finding=finding,
            chart=charts.cohorts(
                [f"{start // 12}-{start % 12 + 1:02}" for start in starts], [sizes[start] for start in starts], shares,
                period=Message("overview.months_after"),
            ),
            caption=Message("overview.caption_cohorts", {"as_of": context.as_of}),
        )
    ]  # fmt: skip


def _countries(rows: Sequence[Mapping[str, Any]], context: Context) -> Section:
    total = sum(row["amount"] for row in rows) or 1
    shown = rows[:_TOP_ROWS]
    first = shown[0]
    return Section(
        id="countries",
        title=Message("overview.countries"),
        tables=[
            DataTable(
                title=Message("overview.table_countries", {"rows": len(shown), "of": len(rows)}),
                columns=[
                    Column("country", Message("overview.column_country")),
                    Column("customers", Message("overview.column_customers"), "int"),
                    Column("orders", Message("overview.column_orders"), "int"),
                    Column("amount", Message("overview.column_amount"), context.kind, bar=True),
                    Column("share", Message("overview.column_share"), "percent"),
                ],
                rows=[
                    (
                        _country(row["country"]), row["customers"], row["orders"], row["amount"], row["amount"] / total,
                    )
                    for row in shown
                ],
                caption=context.counted,
            )
        ],
        intro=[
            Message(
                "overview.finding_countries",
                {"country": _country(first["country"]), "share": first["amount"] / total, "count": len(rows)},
            )
        ],
    )  # fmt: skip


def _country(code: str) -> Message | str:
    """A country's name in the reader's language; what the source says where it is no country that we know."""
    return Message("overview.country_name", {"code": code}) if country_name(code, "en") != code else code


def _products(table: pa.Table, context: Context) -> Section:
    total = sum(table["amount"].to_pylist()) or 1
    shown = table.slice(0, _TOP_ROWS).to_pylist()
    whole = all(row["items"] == round(row["items"]) for row in shown)
    return Section(
        id="products",
        title=Message("overview.products"),
        tables=[
            DataTable(
                title=Message("overview.table_products", {"rows": len(shown), "of": table.num_rows}),
                columns=[
                    Column("product", Message("overview.column_product")),
                    Column("description", Message("overview.column_description")),
                    Column("items", Message("overview.column_items"), "int" if whole else "number"),
                    Column("amount", Message("overview.column_amount"), context.kind, bar=True),
                    Column("share", Message("overview.column_share"), "percent"),
                    Column("returns", Message("overview.column_returns"), "percent"),
                ],
                rows=[
                    (
                        row["product_id"], row["description"], int(row["items"]) if whole else row["items"],
                        row["amount"], row["amount"] / total,
                        row["returns_amount"] / row["amount"] if row["amount"] else None,
                    )
                    for row in shown
                ],
                caption=context.counted,
            )
        ],
    )  # fmt: skip
