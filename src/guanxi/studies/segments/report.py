"""What the segments study says in the report: who the customers are, who makes the money, what to do first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.report import charts
from guanxi.report.document import Advice, Column, DataTable, Figure, Section
from guanxi.studies import base
from guanxi.studies.segments import definitions
from guanxi.words import Message

__all__ = ["CALL_LIST_ROWS", "Context", "advice", "call_list", "definition", "sections", "segments_sheet"]

CALL_LIST_ROWS = 25
_LEAVING = ("cannot_lose", "at_risk")
_ADVICE = {
    "win_back": _LEAVING,
    "thank": ("champions",),
    "second_order": ("new", "promising"),
    "build": ("potential_loyal",),
    "wake": ("about_to_sleep", "need_attention"),
}
_CURVE_POINTS = 100
Edges = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Context(base.Context):
    """What the words need to know beside the table."""

    edges: Edges | None
    later: pa.Table | None


def name(segment: str) -> Message:
    """A segment's or group's name in words."""
    return Message(f"segments.{segment}")


def definition(segment: str, edges: Edges | None) -> Message:
    """A segment in words, with this company's own borders."""
    if segment not in definitions.RULES or edges is None:
        return Message("segments.definition_no_purchase")
    (r_low, r_high), (f_low, f_high) = definitions.RULES[segment]
    return Message(
        "segments.definition",
        {
            "recency": _days(_edge(edges["r"], r_low - 2), _edge(edges["r"], r_high - 1)),
            "frequency": _orders(_edge(edges["f"], f_low - 2), _edge(edges["f"], f_high - 1)),
        },
    )


def sections(table: pa.Table, segments: pa.Table, context: Context) -> list[Section]:
    """The chapters ``segments`` and ``concentration``; none where nobody is known."""
    if table.num_rows == 0:
        return []
    return [_segments(table, segments, context), _concentration(table, context)]


def advice(table: pa.Table, context: Context) -> list[Advice]:
    """What to do, by segment, most money first."""
    found = []
    table = table.select(["segment", "amount"])
    for code, segments in _ADVICE.items():
        rows = table.filter(pc.is_in(table["segment"], pa.array(segments)))
        if rows.num_rows:
            amount = float(pc.sum(rows["amount"]).as_py())
            names = [Message("segments.quoted", {"name": name(each)}) for each in segments]
            words = {"segments": names, "customers": rows.num_rows, "days": context.horizon_days}
            found.append(
                (
                    amount,
                    Advice(
                        Message(f"segments.do_{code}", words),
                        Message(f"segments.do_{code}_how", words),
                        rows.num_rows,
                        context.money(amount),
                    ),
                )
            )
    leaving = [each for each in found if each[1].title.code == "segments.do_win_back"]
    rest = sorted((each for each in found if each not in leaving), key=lambda each: -each[0])
    return [each for _, each in [*leaving, *rest]]


def call_list(table: pa.Table, context: Context) -> DataTable:
    """The customers to call first: those about to be lost who are worth most."""
    wanted = pc.or_(
        pc.is_in(table["segment"], pa.array(_LEAVING)),
        pc.and_(pc.fill_null(table["is_vip"], False), table["is_silent"]),
    )
    columns = ["customer_id", "segment", "last_order_on", "days_since_last_order", "orders", "amount"]
    rows = table.select(columns).filter(wanted).sort_by([("amount", "descending"), ("customer_id", "ascending")])
    kinds = ["text", "text", "date", "int", "int", context.kind]
    return DataTable(
        title=Message("segments.call_list", {"rows": min(CALL_LIST_ROWS, rows.num_rows), "of": rows.num_rows}),
        columns=[
            Column(key, Message(f"segments.column_{key}"), kind, bar=key == "amount")
            for key, kind in zip(columns, kinds, strict=True)
        ],
        rows=[
            tuple(name(str(value)) if key == "segment" else value for key, value in row.items())
            for row in rows.slice(0, CALL_LIST_ROWS).to_pylist()
        ],
        caption=Message("segments.call_list_caption", {"counted": context.counted}),
    )


def _segments(table: pa.Table, segments: pa.Table, context: Context) -> Section:
    rows = segments.to_pylist()
    names = [name(row["segment"]) for row in rows]
    scored = table.select(["r", "f"]).filter(pc.is_valid(table["r"]))
    grid = scored.group_by(["r", "f"]).aggregate([([], "count_all")]).to_pylist()
    best = max(rows, key=lambda row: row["amount"])
    largest = max(rows, key=lambda row: row["customers"])
    figures = [
        Figure(
            id="segment-amount",
            title=Message("segments.figure_amount"),
            finding=Message(
                "segments.finding_amount",
                {"segment": name(best["segment"]), "share": best["share"], "amount_share": best["amount_share"]},
            ),
            chart=charts.bar(
                names, [row["amount"] for row in rows], kind=context.kind, name=Message("segments.column_amount"),
                by=Message("segments.column_segment"),
            ),
            caption=context.counted,
        ),
        Figure(
            id="segment-customers",
            title=Message("segments.figure_customers"),
            finding=Message(
                "segments.finding_customers", {"segment": name(largest["segment"]), "share": largest["share"]}
            ),
            chart=charts.bar(
                names, [row["customers"] for row in rows], kind="int", name=Message("segments.column_customers"),
                by=Message("segments.column_segment"),
            ),
            caption=context.counted,
        ),
    ]  # fmt: skip
    if grid:
        figures.append(
            Figure(
                id="rfm",
                title=Message("segments.figure_rfm"),
                chart=charts.rfm_grid({(row["r"], row["f"]): row["count_all"] for row in grid}),
                caption=Message("segments.caption_rfm", {"counted": context.counted}),
            )
        )
    tables = [segments_sheet(segments, context), _groups_table(table, context)]
    if context.later is not None:
        tables.append(_later_table(context.later, context))
    return Section(
        id="segments",
        title=Message("segments.title"),
        intro=[Message("segments.intro")],
        figures=figures,
        tables=tables,
    )


def segments_sheet(segments: pa.Table, context: Context) -> DataTable:
    """One row per segment: name, definition, customers, amount, shares and what to do."""
    columns = [
        Column("segment", Message("segments.column_segment")),
        Column("definition", Message("segments.column_definition")),
        Column("customers", Message("segments.column_customers"), "int", bar=True),
        Column("share", Message("segments.column_share"), "percent"),
        Column("amount", Message("segments.column_amount"), context.kind, bar=True),
        Column("amount_share", Message("segments.column_amount_share"), "percent"),
        Column("advice", Message("segments.column_advice")),
    ]
    return DataTable(
        title=Message("segments.table"),
        columns=columns,
        rows=[
            (
                name(str(row["segment"])),
                definition(str(row["segment"]), context.edges),
                *(row[each.key] for each in columns[2:6]),
                Message(f"segments.{row['segment']}_advice"),
            )
            for row in segments.to_pylist()
        ],
        caption=context.counted,
    )


def _groups_table(table: pa.Table, context: Context) -> DataTable:
    sums = table.group_by("value_group", use_threads=False).aggregate(
        [([], "count_all"), ("amount", "sum"), ("expected_amount", "sum"), ("is_silent", "sum")]
    )
    found = {row["value_group"]: row for row in sums.to_pylist()}
    return DataTable(
        title=Message("segments.groups"),
        columns=[
            Column("group", Message("segments.column_group")),
            Column("customers", Message("segments.column_customers"), "int", bar=True),
            Column("silent", Message("segments.column_silent"), "int"),
            Column("amount", Message("segments.column_amount"), context.kind, bar=True),
            Column(
                "expected", Message("segments.column_expected", {"days": context.horizon_days}), context.kind, bar=True
            ),
        ],
        rows=[
            (name(f"group_{g}"), row["count_all"], row["is_silent_sum"], row["amount_sum"], row["expected_amount_sum"])
            for g in definitions.VALUE_GROUPS
            if (row := found.get(g))
        ],
        caption=Message("segments.groups_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def _later_table(later: pa.Table, context: Context) -> DataTable:
    """What each segment of one horizon ago has done since: the test of the names."""
    segment = definitions.rfm_segment(later["r"].to_numpy(), later["f"].to_numpy())
    came = later["later_orders"].to_numpy() > 0
    amount = later["later_amount"].to_numpy()
    rows = []
    for each in definitions.RULES:
        mine = segment == each
        if mine.any():
            rows.append((name(each), int(mine.sum()), float(came[mine].mean()), float(amount[mine].mean())))
    since = context.as_of - dt.timedelta(days=context.horizon_days)
    return DataTable(
        title=Message("segments.later", {"since": since}),
        columns=[
            Column("segment", Message("segments.column_segment_then")),
            Column("customers", Message("segments.column_customers"), "int"),
            Column("came_back", Message("segments.column_came_back"), "percent", bar=True),
            Column("amount", Message("segments.column_mean_later_amount"), context.kind, bar=True),
        ],
        rows=rows,
        caption=Message(
            "segments.later_caption", {"since": since, "days": context.horizon_days, "counted": context.counted}
        ),
    )


def _concentration(table: pa.Table, context: Context) -> Section:
    amount = np.sort(table["amount"].to_numpy().astype(np.float64))[::-1]
    amount = amount[amount > 0]
    figures = []
    if amount.sum() > 0:
        share = np.cumsum(amount) / amount.sum()
        places = np.unique(np.linspace(1, len(amount), min(_CURVE_POINTS, len(amount))).round().astype(int))
        fifth = max(1, round(0.2 * len(amount)))
        mark = (fifth / len(amount), float(share[fifth - 1]))
        figures.append(
            Figure(
                id="pareto",
                title=Message("segments.figure_pareto"),
                finding=Message(
                    "segments.finding_pareto", {"share": mark[0], "amount_share": mark[1], "customers": fifth}
                ),
                chart=charts.pareto([(p / len(amount), float(share[p - 1])) for p in places], marks=[mark]),
                caption=context.counted,
            )
        )
    sums = table.group_by("abc").aggregate([([], "count_all"), ("amount", "sum")]).to_pylist()
    found = {row["abc"]: row for row in sums}
    total = sum(row["amount_sum"] for row in sums) or 1
    buyers = sum(row["count_all"] for row in sums if row["abc"]) or 1
    classes = DataTable(
        title=Message("segments.abc"),
        columns=[
            Column("class", Message("segments.column_class")),
            Column("customers", Message("segments.column_customers"), "int", bar=True),
            Column("share", Message("segments.column_share"), "percent"),
            Column("amount", Message("segments.column_amount"), context.kind, bar=True),
            Column("amount_share", Message("segments.column_amount_share"), "percent"),
        ],
        rows=[
            (c, row["count_all"], row["count_all"] / buyers, row["amount_sum"], row["amount_sum"] / total)
            for c in "ABC"
            if (row := found.get(c))
        ],
        caption=Message("segments.abc_caption", {"counted": context.counted}),
    )
    return Section(
        id="concentration",
        title=Message("segments.concentration"),
        intro=[Message("segments.concentration_intro")],
        figures=figures,
        tables=[classes],
    )


def _edge(edges: npt.NDArray[np.float64], place: int) -> float | None:
    """The least value of a score; None for the lowest and above the highest."""
    return float(edges[place]) if 0 <= place < len(edges) and np.isfinite(edges[place]) else None


def _days(low: float | None, high: float | None) -> Message:
    """Recency is negated days: the low edge is the most days, the high edge one more than the least."""
    most = int(-low) if low is not None else None
    least = int(-high) + 1 if high is not None else None
    return _between("segments.days", least, most)


def _orders(low: float | None, high: float | None) -> Message:
    return _between(
        "segments.orders", int(low) if low is not None else None, int(high) - 1 if high is not None else None
    )


def _between(code: str, least: int | None, most: int | None) -> Message:
    if least is None and most is None:
        return Message(f"{code}_any")
    # There is nothing below one order or one day.
    if most == 1:
        return Message(f"{code}_one")
    if least is None:
        return Message(f"{code}_at_most", {"most": most})
    if most is None:
        return Message(f"{code}_at_least", {"least": least})
    if least == most:
        return Message(f"{code}_exactly", {"value": least})
    return Message(f"{code}_between", {"least": least, "most": most})
