"""The report of campaigns that won customers: how fast each is paid back, and what it cost and brought."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Document, Fact, Figure, Section, Value, money_kind
from guanxi.report.palette import SERIES_COLOURS
from guanxi.studies.acquisition.curve import at_days
from guanxi.studies.acquisition.study import Acquisition
from guanxi.words import Message, Money

__all__ = ["document_of"]

_STEPS = (1, 7, 30, 90, 365)
_MOST_POINTS = 60


def document_of(found: Acquisition, *, file: str) -> Document:
    """The report, in no language yet.

    Parameters
    ----------
    found : what the files told
    file : name of the campaigns' table
    """
    sums = _Sums(found)
    counted = Message(
        "acquisition.counted",
        {"as_of": found.as_of, "used": found.account.used, "delivered": found.account.delivered},
    )
    return Document(
        title=Message("acquisition.title"),
        subtitle=Message("acquisition.subtitle", {"file": file, "as_of": found.as_of}),
        facts=[
            Fact(Message("acquisition.fact_campaigns"), found.campaigns.num_rows, "int", sums.paid_back),
            Fact(Message("acquisition.column_customers"), sums.customers, "int"),
            Fact(Message("acquisition.column_cost"), sums.cost, money_kind(found.currency)),
            Fact(Message("acquisition.column_margin"), sums.margin, money_kind(found.currency)),
            Fact(Message("acquisition.column_return_rate"), sums.return_rate, "percent"),
        ],
        sections=[_section(found, sums, counted)],
        footer=counted,
    )


class _Sums:
    """All campaigns together; money in minor units."""

    def __init__(self, found: Acquisition) -> None:
        table = found.campaigns
        # The sum of costs may be more than 64 bits hold.
        self.customers, self.buyers, self.cost, self.net_amount = (
            sum(table[name].to_pylist()) for name in ("customers", "buyers", "cost", "net_amount")
        )
        self.margin = float(pc.sum(table["margin"]).as_py() or 0.0)
        self.return_rate = (self.margin - self.cost) / self.cost if self.cost else None
        self.cost_per_customer = self.cost / self.customers if self.customers else None
        self.paid_back = Message("acquisition.paid_back", {"back": found.paid_back, "campaigns": table.num_rows})


def _section(found: Acquisition, sums: _Sums, counted: Message) -> Section:
    figure = _curve(found, counted)
    return Section(
        id="acquisition",
        title=Message("acquisition.title"),
        intro=[Message("acquisition.intro"), *_together(found, sums)],
        figures=[figure] if figure else [],
        tables=[_table(found, sums, counted)],
        notes=[*_margin_note(found), *([found.fallen] if found.fallen else []), *found.missing],
    )


def _together(found: Acquisition, sums: _Sums) -> list[Message]:
    if sums.cost_per_customer is None:
        return []
    words = {
        "customers": sums.customers,
        "each": Money(round(sums.cost_per_customer), found.currency),
        "margin": Money(round(sums.margin / sums.customers), found.currency),
    }
    return [Message("acquisition.together", words)]


def _margin_note(found: Acquisition) -> list[Message]:
    """What the margin is of, by the share as it is shown; nothing where nothing was sold."""
    if found.known_share is None:
        return []
    known = round(found.known_share, 3)
    if known == 1:
        return [Message("acquisition.note_all_costs")]
    if known == 0:
        return [Message("acquisition.note_no_cost", {"rate": found.margin_rate})]
    return [Message("acquisition.note_margin", {"rate": found.margin_rate, "known": known})]


def _curve(found: Acquisition, counted: Message) -> Figure | None:
    """The dearest campaigns that have been followed, in the order given, against the line at which the cost is back."""
    seen = found.campaigns.filter(
        pc.and_(pc.is_valid(found.campaigns["followed_days"]), pc.greater(found.campaigns["cost"], 0))
    )
    if not seen.num_rows:
        return None
    dearest = pc.sort_indices(seen["cost"], sort_keys=[("", "descending")]).slice(0, SERIES_COLOURS - 1)
    shown = seen.take(pa.array(sorted(dearest.to_pylist()))).to_pylist()
    days = _days(max(row["followed_days"] for row in shown))
    lines = [
        (row["campaign_id"], at_days(found.curve, row["campaign_id"], days, until=row["followed_days"]))
        for row in shown
    ]
    return Figure(
        id="acquisition-payback",
        title=Message("acquisition.figure_payback"),
        chart=charts.line(
            [str(day) for day in days],
            [*lines, (Message("acquisition.cost_back"), [1.0] * len(days))],
            kind="percent",
            by=Message("acquisition.column_day"),
        ),
        caption=Message(
            "acquisition.caption_payback", {"shown": len(shown), "of": found.campaigns.num_rows, "counted": counted}
        ),
    )


def _days(until: int) -> list[int]:
    """Days of the axis, from 0 to the last but one, so far apart that there are few.

    >>> _days(3), _days(70)
    ([0, 1, 2], [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 69])
    """
    step = next((each for each in _STEPS if until / each <= _MOST_POINTS), _STEPS[-1])
    return sorted({*range(0, until, step), until - 1})


def _table(found: Acquisition, sums: _Sums, counted: Message) -> DataTable:
    money = money_kind(found.currency)
    kinds = {
        "campaign_id": "text", "customers": "int", "buyers": "int", "cost": money, "cost_per_customer": money,
        "net_amount": money, "margin": money, "return_rate": "percent", "payback_days": "int", "followed_days": "int",
    }  # fmt: skip
    rows: list[tuple[Value, ...]] = [tuple(row[name] for name in kinds) for row in found.campaigns.to_pylist()]
    together = (
        sums.customers, sums.buyers, sums.cost, sums.cost_per_customer, sums.net_amount, sums.margin, sums.return_rate,
    )  # fmt: skip
    return DataTable(
        title=Message("acquisition.fact_campaigns"),
        columns=[Column(name, Message(f"acquisition.column_{name}"), kind) for name, kind in kinds.items()],
        rows=rows,
        total=(Message("acquisition.all"), *together, None, None),
        caption=Message("acquisition.table_caption", {"counted": counted}),
    )
