"""What the churn study says in the report: who is leaving and why, how far that can be believed, whom to call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.report import charts
from guanxi.report.document import Advice, Column, DataTable, Figure, Section, Value
from guanxi.studies import base
from guanxi.studies.churn.at_risk import least_who_hold
from guanxi.studies.churn.judge import Judged, Values
from guanxi.studies.churn.methods import BASELINE
from guanxi.warehouse.paged import by_part, slices
from guanxi.words import Message, Money

__all__ = ["CALL_LIST_ROWS", "Context", "advice", "call_list", "reason_in_words", "section"]

CALL_LIST_ROWS = 25
_REASONS_TOLD = 3
_BANDS = ("high", "medium", "low")
_HALF = 0.5


@dataclass(frozen=True)
class Context(base.JudgedContext):
    """What the words need to know beside the table."""

    unknown: Message | None
    """Why nobody's value at risk is known; None where it is."""

    def at_stake(self, table: pa.Table) -> float:
        """What the customers would spend in a horizon as in the last year, times their probability of leaving."""
        yearly = table["amount_365d"].to_numpy().astype(np.float64)
        return float(table["churn_probability"].to_numpy() @ yearly) * self.horizon_days / 365


def section(table: pa.Table, judged: Judged | None, prepared: Sequence[Message], context: Context) -> Section:
    """The chapter ``churn``."""
    told = table
    if table["churn_probability"].null_count:
        told = by_part(table, lambda rows: rows.filter(pc.is_valid(rows["churn_probability"])))
    figures, tables = [], []
    if told.num_rows:
        # Reasons are most of the table, and one figure reads them.
        without = told.drop_columns(["reasons"])
        figures += [_probabilities(without, context), _why(told, context)]
        if context.unknown is None:
            figures.append(_at_risk(without, context))
        tables.append(_bands(without, context))
    if judged is not None:
        figures += [_calibration(judged, context), _gains(judged, context)]
        tables.append(_comparison(judged, context))
    return Section(
        id="churn",
        title=Message("churn.title"),
        intro=[Message("churn.intro", {"days": context.horizon_days})],
        figures=figures,
        tables=tables,
        notes=[context.judgement.explained, *([context.unknown] if context.unknown else []), *prepared],
    )


def advice(table: pa.Table, context: Context) -> list[Advice]:
    """Call who is likely to leave; remind who wavers."""
    found = []
    table = table.drop_columns(["reasons"])
    for band in ("high", "medium"):
        rows = table.filter(pc.equal(table["churn_band"], band))
        if rows.num_rows:
            amount = context.at_stake(rows)
            words = {"customers": rows.num_rows, "days": context.horizon_days, "amount": context.money(amount)}
            how = Message(f"churn.do_{band}_how", words)
            if band == "high" and (at_risk := _values(rows, "value_at_risk")).sum() > 0:
                few = least_who_hold(at_risk, share=_HALF)
                more = {"at_risk": context.money(at_risk.sum()), "few": few, "how": how}
                how = Message("churn.do_high_how_at_risk", more)
            found.append(Advice(Message(f"churn.do_{band}"), how, rows.num_rows, context.money(amount)))
    return found


def call_list(table: pa.Table, context: Context) -> DataTable:
    """Who is worth a call: likely or perhaps leaving, the most money at stake first, with his reasons."""
    worth = np.flatnonzero(pc.is_in(table["churn_band"], pa.array(["high", "medium"])).to_numpy())
    stake = table["churn_probability"].to_numpy()[worth] * table["amount_365d"].to_numpy()[worth]
    stake *= context.horizon_days / 365
    order = np.lexsort((worth, -stake))[:CALL_LIST_ROWS]
    columns = ["customer_id", "churn_probability", "last_order_on", "amount_365d", "at_stake", "why"]
    kinds = ["text", "percent", "date", context.kind, context.kind, "text"]
    told: list[tuple[Value, ...]] = [
        (
            row["customer_id"], row["churn_probability"], row["last_order_on"], row["amount_365d"], round(stake[place]),
            _because(row["reasons"], context.currency),
        )
        for place in order
        for row in table.slice(int(worth[place]), 1).to_pylist()
    ]  # fmt: skip
    return DataTable(
        title=Message("churn.call_list", {"rows": len(told), "of": len(worth)}),
        columns=[
            Column(key, Message(f"churn.column_{key}"), kind, bar=key == "at_stake")
            for key, kind in zip(columns, kinds, strict=True)
        ],
        rows=told,
        caption=Message("churn.call_list_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def reason_in_words(code: str, value: float, currency: str) -> Message:
    """A reason with its value; amounts are in minor units.

    >>> reason_in_words("churn.reason_silence", 41.0, "EUR").say("en")
    'last order 41 days ago'
    """
    shown = Money(round(value), currency) if code.endswith("amount") else value
    return Message(code, {"value": shown})


def _because(reasons: list[dict[str, object]], currency: str) -> Message:
    """Of what speaks for leaving, the strongest."""
    named = [
        reason_in_words(str(each["code"]), float(str(each["value"])), currency)
        for each in reasons
        if float(str(each["effect"])) > 0
    ]
    return Message("churn.because", {"reasons": named[:_REASONS_TOLD]})


def _probabilities(told: pa.Table, context: Context) -> Figure:
    edges = [step / 10 for step in range(11)]
    counts, _ = np.histogram(told["churn_probability"].to_numpy(), bins=edges)
    high = told.filter(pc.equal(told["churn_band"], "high")).num_rows
    words = {"customers": high, "share": high / told.num_rows, "days": context.horizon_days}
    return Figure(
        id="churn-probability",
        title=Message("churn.figure_probability"),
        finding=Message("churn.finding_probability", words),
        chart=charts.histogram(
            edges, counts.tolist(), kind="percent", name=Message("churn.column_customers"),
            by=Message("churn.column_churn_probability"),
        ),
        caption=Message("churn.caption_probability", {"days": context.horizon_days, "counted": context.counted}),
    )  # fmt: skip


def _why(told: pa.Table, context: Context) -> Figure:
    """Of those likely to leave (or, where nobody is, of all): what speaks most for it, by customers."""
    is_any_high = pc.any(pc.equal(told["churn_band"], "high")).as_py()
    customers, first = 0, Counter[str]()
    for part in slices(told.select(["churn_band", "reasons"])):
        of = part.filter(pc.equal(part["churn_band"], "high")) if is_any_high else part
        customers += of.num_rows
        first.update(_strongest(of["reasons"].combine_chunks()))
    ranked = sorted(first.items(), key=lambda each: (-each[1], each[0]))
    theme, led = ranked[0]
    return Figure(
        id="churn-reasons",
        title=Message("churn.figure_reasons"),
        finding=Message("churn.finding_reasons", {"theme": _theme(theme), "share": led / customers}),
        chart=charts.bar(
            [_theme(code) for code, _ in ranked], [count for _, count in ranked], kind="int",
            name=Message("churn.column_customers"), by=Message("churn.column_why"),
        ),
        caption=Message("churn.caption_reasons", {"customers": customers, "counted": context.counted}),
    )  # fmt: skip


def _strongest(reasons: pa.Array) -> dict[str, int]:
    """Of how many customers each reason is the first that speaks for leaving."""
    items = reasons.flatten()
    customer, effect = pc.list_parent_indices(reasons).to_numpy(), items.field("effect").to_numpy()
    place = np.flatnonzero(effect > 0)
    first = place[np.unique(customer[place], return_index=True)[1]]
    counted = {
        row["values"]: row["counts"] for row in items.field("code").take(pa.array(first)).value_counts().to_pylist()
    }
    nothing = len(reasons) - len(first)
    return counted | ({"churn.reason_none": nothing} if nothing else {})


def _at_risk(told: pa.Table, context: Context) -> Figure:
    """Value at risk by band, and of how much."""
    bands = [band for band in _BANDS if pc.any(pc.equal(told["churn_band"], band)).as_py()]
    by_band = {
        band: float(_values(told.filter(pc.equal(told["churn_band"], band)), "value_at_risk").sum()) for band in bands
    }
    expected, at_risk = float(_values(told, "expected_amount").sum()), sum(by_band.values())
    words = {
        "days": context.horizon_days,
        "expected": context.money(expected),
        "amount": context.money(at_risk),
        "share": at_risk / expected if expected else 0.0,
        "high": context.money(by_band.get("high", 0.0)),
    }
    return Figure(
        id="churn-value-at-risk",
        title=Message("churn.figure_at_risk"),
        finding=Message("churn.finding_at_risk", words),
        chart=charts.bar(
            [Message(f"churn.band_{band}") for band in bands], list(by_band.values()), kind=context.kind,
            name=Message("churn.column_value_at_risk"), by=Message("churn.column_churn_band"),
        ),
        caption=Message("churn.caption_at_risk", {"days": context.horizon_days, "counted": context.counted}),
    )  # fmt: skip


def _values(table: pa.Table, column: str) -> Values:
    """Amounts, 0 where one is not known."""
    return np.asarray(pc.fill_null(table[column], 0.0).to_numpy(), dtype=np.float64)


def _theme(code: str) -> Message:
    return Message(f"churn.theme_{code.removeprefix('churn.reason_')}")


def _bands(told: pa.Table, context: Context) -> DataTable:
    rows: list[tuple[Value, ...]] = []
    for band in _BANDS:
        mine = told.filter(pc.equal(told["churn_band"], band))
        if mine.num_rows:
            mean = float(mine["churn_probability"].to_numpy().mean())
            yearly = int(mine["amount_365d"].to_numpy().sum())
            rows.append((Message(f"churn.band_{band}"), mine.num_rows, mean, yearly, round(context.at_stake(mine))))
    return DataTable(
        title=Message("churn.bands"),
        columns=[
            Column("band", Message("churn.column_churn_band")),
            Column("customers", Message("churn.column_customers"), "int", bar=True),
            Column("probability", Message("churn.column_mean_probability"), "percent"),
            Column("amount", Message("churn.column_amount_365d"), context.kind),
            Column("at_stake", Message("churn.column_at_stake"), context.kind, bar=True),
        ],
        rows=rows,
        caption=Message("churn.bands_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def _calibration(judged: Judged, context: Context) -> Figure:
    said = [each.said for each in judged.bins]
    came = [each.came for each in judged.bins]
    inside = sum(each.came_low <= each.said <= each.came_high for each in judged.bins)
    return Figure(
        id="churn-calibration",
        title=Message("churn.figure_calibration"),
        finding=Message(
            "churn.finding_calibration",
            {"inside": inside, "bins": len(said), "said": _mean(judged, said), "came": _mean(judged, came)},
        ),
        chart=charts.line(
            [str(place + 1) for place in range(len(judged.bins))],
            [(Message("churn.said"), said), (Message("churn.came"), came)],
            kind="percent",
            by=Message("churn.column_class"),
        ),
        caption=Message("churn.caption_calibration", _judged_words(judged, context)),
    )


def _mean(judged: Judged, values: Sequence[float]) -> float:
    """Over the customers of all classes."""
    return float(np.average(values, weights=[each.customers for each in judged.bins]))


def _gains(judged: Judged, context: Context) -> Figure:
    best = judged.found[judged.best]
    tenths = [f"{10 * (place + 1)}%" for place in range(len(best))]
    shown = [name for name in (judged.best, BASELINE, "lifetime") if name in judged.found]
    series = [(Message(f"churn.method_{name}"), judged.found[name].tolist()) for name in shown]
    return Figure(
        id="churn-gains",
        title=Message("churn.figure_gains"),
        finding=Message("churn.finding_gains", {"found": float(best[2]), "plain": float(judged.found[BASELINE][2])}),
        chart=charts.line(tenths, series, kind="percent", by=Message("churn.column_asked")),
        caption=Message("churn.caption_gains", _judged_words(judged, context)),
    )


def _comparison(judged: Judged, context: Context) -> DataTable:
    measures = [each.measure for each in judged.measures[judged.best]]
    return DataTable(
        title=Message("churn.comparison"),
        columns=[
            Column("method", Message("churn.column_method")),
            *(Column(name, Message(f"evaluate.{name}")) for name in measures),
        ],
        rows=[
            (
                Message("churn.chosen" if name == judged.best else "churn.compared", {"method": _method(name)}),
                *(
                    Message("evaluate.interval", {"value": each.value, "low": each.low, "high": each.high})
                    for each in estimates
                ),
            )
            for name, estimates in judged.measures.items()
        ],
        caption=Message("churn.comparison_caption", _judged_words(judged, context)),
    )


def _method(name: str) -> Message:
    return Message(f"churn.method_{name}")


def _judged_words(judged: Judged, context: Context) -> dict[str, object]:
    return {
        "cutoff": judged.judgement.cutoff,
        "days": context.horizon_days,
        "customers": judged.judgement.comparisons[0].customers,
        "method": _method(judged.best),
        "counted": context.counted,
    }
