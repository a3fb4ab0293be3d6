"""What the value study says in the report: who will be worth most, how much to expect, how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import Estimate
from guanxi.mining.concentration import gini, share_of_best
from guanxi.report import charts
from guanxi.report.document import Advice, Column, DataTable, Figure, Section, Value
from guanxi.studies.base import JudgedContext
from guanxi.studies.value.judge import Judged
from guanxi.studies.value.methods import LIFETIME_DAYS
from guanxi.studies.value.past import Earned, Values, reals
from guanxi.warehouse.paged import by_part
from guanxi.words import Message, Money

__all__ = ["SOON_DAYS", "TOP_ROWS", "advice", "reason_in_words", "sections", "top_list"]

TOP_ROWS = 25
SOON_DAYS = 14
_HALF = 0.5
_TENTH = 0.1
_FIFTH = 0.2
_REASONS_TOLD = 2
_BARS = 10
_MEASURES = {
    # measure: its kind; money stands for the company's, interval for a `Message`; those of orders are in the table
    "amount_deviance": "interval",
    "amount_root_mean_squared_error": "money",
    "amount_mean_absolute_error": "money",
    "amount_total": "money",
    "top_tenth_found": "interval",
}


def sections(
    table: pa.Table, judged: Judged | None, rounds: pa.Table, earned: Earned, annual_discount_rate: float,
    context: JudgedContext,
) -> list[Section]:  # fmt: skip
    """The chapter ``value``; none where nobody has bought.

    Parameters
    ----------
    table : ``customers`` of the study
    judged : None where nothing could be
    rounds : by which the law was chosen
    earned : what is known of the cost of what was sold
    annual_discount_rate : of the lifetime value
    """
    told = _buyers(table)
    if not told.num_rows:
        return []
    amount = reals(told, "expected_amount")
    figures = [_distribution(amount, context)]
    if told["p_alive"].null_count < told.num_rows:
        figures.append(_alive(told, context))
    tables = [top_list(told, context)] if _are_ranked(amount) else []
    notes = [context.judgement.explained]
    if judged is not None:
        figures.append(_calibration(judged, context))
        tables.append(_comparison(judged, context))
        if rounds.num_rows:
            tables.append(_choice(rounds, context))
        notes.append(Message("value.note_total", _totals(judged, context)))
        if judged.covered is not None:
            notes.append(Message("value.note_covered", {"covered": judged.covered}))
    notes += _lifetime(told, earned, annual_discount_rate, context)
    notes += _spread(told, earned, context)
    return [
        Section(
            id="value",
            title=Message("value.title"),
            intro=[Message("value.intro", {"days": context.horizon_days}), _total(amount, judged, context)],
            figures=figures,
            tables=tables,
            notes=notes,
        )
    ]


def advice(table: pa.Table, context: JudgedContext) -> list[Advice]:
    """Look after the few who will bring half of the money; be there when an order is due."""
    told = _buyers(table)
    found = []
    amounts = reals(told, "expected_amount")
    if _are_ranked(amounts) and (few := _who_make_half(amounts))[1] > 0:
        customers, amount = few
        words = {"customers": customers, "share": customers / told.num_rows, "days": context.horizon_days}
        how = Message("value.do_keep_how", {**words, "amount": context.money(amount)})
        found.append(Advice(Message("value.do_keep"), how, customers, context.money(amount)))
    soon = pc.add(pa.scalar(context.as_of), pa.scalar(SOON_DAYS * 86_400, pa.duration("s"))).cast(pa.date32())
    due = told.filter(pc.fill_null(pc.less(told["next_order_on"], soon), False))
    if due.num_rows:
        amount = float(reals(due, "p_alive") @ reals(due, "next_order_amount"))
        words = {"customers": due.num_rows, "days": SOON_DAYS, "amount": context.money(amount)}
        found.append(
            Advice(Message("value.do_meet"), Message("value.do_meet_how", words), due.num_rows, context.money(amount))
        )
    return found


def top_list(told: pa.Table, context: JudgedContext) -> DataTable:
    """The customers of whom most is expected, with their next order and the reasons."""
    order = np.lexsort((np.arange(told.num_rows), -reals(told, "expected_amount")))[:TOP_ROWS]
    kinds = {
        "customer_id": "text",
        "expected_amount": context.kind,
        "between": "text",
        "expected_orders": "number",
        "p_alive": "percent",
        "next_order_on": "date",
        "lifetime_value": context.kind,
        "why": "text",
    }
    if told["lifetime_value"].null_count:
        del kinds["lifetime_value"]  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for row in pa.concat_tables([told.slice(place, 1) for place in order]).to_pylist():
        ends = {end: row[f"expected_amount_{end}"] for end in ("low", "high")}
        known = ends["low"] is not None
        row["between"] = Message("value.from_to", {e: context.money(v) for e, v in ends.items()}) if known else None
        row["why"] = _because(row["reasons"], context.currency)
        rows.append(tuple(row[key] for key in kinds))
    return DataTable(
        title=Message("value.top", {"rows": len(rows), "of": told.num_rows}),
        columns=[
            Column(key, Message(f"value.column_{key}"), kind, bar=key == "expected_amount")
            for key, kind in kinds.items()
        ],
        rows=rows,
        caption=Message("value.top_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def reason_in_words(code: str, value: float, currency: str) -> Message:
    """A reason with its value; amounts are in minor units.

    >>> reason_in_words("value.reason_orders", 12.0, "EUR").say("en")
    'purchases so far: 12'
    """
    return Message(code, {"value": Money(round(value), currency) if code.endswith("amount") else value})


def _buyers(table: pa.Table) -> pa.Table:
    if not table["expected_amount"].null_count:
        return table
    return by_part(table, lambda rows: rows.filter(pc.is_valid(rows["expected_amount"])))


def _spread(told: pa.Table, earned: Earned, context: JudgedContext) -> list[Message]:
    """How unevenly money is spread over customers, and what is left of it after the cost of the goods."""
    found = []
    so_far, expected = reals(told, "amount"), reals(told, "expected_amount")
    if told.num_rows > 1 and so_far.any():
        spread = gini(so_far)
        words = {"gini": spread.value, "low": spread.low, "high": spread.high, "fifth": _FIFTH}
        found.append(Message("value.note_spread", {**words, "share": share_of_best(so_far, share=_FIFTH)}))
    if (rate := earned.rate) is not None:
        words = {"rate": rate, "known": earned.known_share, "days": context.horizon_days}
        found.append(Message("value.note_margin", {**words, "margin": context.money(rate * float(expected.sum()))}))
    return found


def _lifetime(told: pa.Table, earned: Earned, annual_discount_rate: float, context: JudgedContext) -> list[Message]:
    """What all customers' purchases of three years are worth today; nothing where no law is published."""
    if told["lifetime_value"].null_count:
        return []
    total = float(reals(told, "lifetime_value").sum())
    words: dict[str, object] = {"years": LIFETIME_DAYS // 365, "rate": annual_discount_rate}
    found = [Message("value.note_lifetime", {**words, "value": context.money(total)})]
    if (rate := earned.rate) is not None:
        found.append(Message("value.note_lifetime_margin", {"rate": rate, "margin": context.money(rate * total)}))
    return found


def _because(reasons: list[Mapping[str, object]], currency: str) -> Message:
    """Of what raises his amount, the strongest."""
    named = [
        reason_in_words(str(each["code"]), float(str(each["value"])), currency)
        for each in reasons
        if float(str(each["effect"])) > 0
    ]
    return Message("value.because", {"reasons": named[:_REASONS_TOLD]})


def _total(amount: Values, judged: Judged | None, context: JudgedContext) -> Message:
    words = {"customers": len(amount), "days": context.horizon_days, "amount": context.money(float(amount.sum()))}
    if judged is None:
        return Message("value.total_alone", words)
    low, high = judged.interval_of_total(amount)
    return Message("value.total", {**words, "low": context.money(low), "high": context.money(high)})


def _totals(judged: Judged, context: JudgedContext) -> dict[str, object]:
    said, came = float(judged.said.amount.sum()), float(judged.came.amount.sum())
    return {
        "cutoff": judged.judgement.cutoff,
        "method": _method(judged.published),
        "said": context.money(said),
        "came": context.money(came),
    }


def _are_ranked(amount: Values) -> bool:
    """Whether there is a most of whom most is expected; not where all are given the same mean.

    >>> _are_ranked(np.array([2.0, 2.0])), _are_ranked(np.array([2.0])), _are_ranked(np.array([]))
    (False, True, False)
    """
    return len(amount) == 1 or len(np.unique(amount)) > 1


def _who_make_half(amount: Values) -> tuple[int, float]:
    """How many customers, the best first, make half of the amount, and what theirs comes to."""
    summed = np.cumsum(np.sort(amount)[::-1])
    customers = int(np.searchsorted(summed, _HALF * summed[-1])) + 1
    return customers, float(summed[customers - 1])


def _distribution(amount: Values, context: JudgedContext) -> Figure:
    # Ten bars of a round width that hold nine customers in ten, and what is beyond.
    step = _round_up(max(float(np.quantile(amount, 0.9)), 1.0) / _BARS)
    edges = [step * place for place in range(_BARS + 1)]
    counts = np.histogram(amount, bins=[*edges, np.inf])[0]
    best = np.sort(amount)[::-1][: max(1, round(_TENTH * len(amount)))]
    words = {"share": float(best.sum() / amount.sum()) if amount.sum() else 0.0, "tenth": _TENTH}
    return Figure(
        id="value-distribution",
        title=Message("value.figure_distribution", {"days": context.horizon_days}),
        finding=Message("value.finding_distribution", words),
        chart=charts.histogram(
            [*edges, None], counts.tolist(), kind=context.kind, name=Message("value.column_customers"),
            by=Message("value.column_expected_amount"),
        ),
        caption=context.counted,
    )  # fmt: skip


def _round_up(value: float) -> int:
    """The next of 1, 2, 5, 10, 20 … that is not below a value.

    >>> [_round_up(value) for value in (0.4, 3, 5, 51)]
    [1, 5, 5, 100]
    """
    power = 10 ** max(0, int(np.floor(np.log10(max(value, 1.0)))))
    return next(int(each * power) for each in (1, 2, 5, 10) if each * power >= value)


def _alive(told: pa.Table, context: JudgedContext) -> Figure:
    p_alive = reals(told, "p_alive")
    edges = [step / 10 for step in range(11)]
    counts, _ = np.histogram(p_alive, bins=edges)
    likely = int(np.count_nonzero(p_alive >= _HALF))
    return Figure(
        id="value-alive",
        title=Message("value.figure_alive"),
        finding=Message("value.finding_alive", {"customers": likely, "share": likely / len(p_alive)}),
        chart=charts.histogram(
            edges, counts.tolist(), kind="percent", name=Message("value.column_customers"),
            by=Message("value.column_p_alive"),
        ),
        caption=Message("value.caption_alive", {"counted": context.counted}),
    )  # fmt: skip


def _calibration(judged: Judged, context: JudgedContext) -> Figure:
    rows = judged.deciles.to_pylist()
    inside = sum(row["came_low"] <= row["said_amount"] <= row["came_high"] for row in rows)
    return Figure(
        id="value-calibration",
        title=Message("value.figure_calibration"),
        finding=Message("value.finding_calibration", {"inside": inside, "classes": len(rows)}),
        chart=charts.line(
            [str(place + 1) for place in range(len(rows))],
            [
                (Message("value.said"), [row["said_amount"] for row in rows]),
                (Message("value.came"), [row["came_amount"] for row in rows]),
            ],
            kind=context.kind,
            by=Message("value.column_class"),
        ),
        caption=Message("value.caption_calibration", _judged_words(judged, context)),
    )


def _comparison(judged: Judged, context: JudgedContext) -> DataTable:
    """One row a method, the published one first; the last row is what came."""
    shown = {"money": context.kind, "interval": "text"}
    names = [judged.published, *(name for name in judged.measures if name != judged.published)]
    rows: list[tuple[Value, ...]] = []
    for name in names:
        found = {each.measure: each for each in judged.measures[name]}
        told = Message("value.published", {"method": _method(name)}) if name == judged.published else _method(name)
        rows.append((told, *(_cell(found[measure]) for measure in _MEASURES)))
    came = {"amount_total": float(judged.came.amount.sum())}
    return DataTable(
        title=Message("value.comparison"),
        columns=[
            Column("method", Message("value.column_method")),
            *(
                Column(name, Message(f"value.measure_{name}"), shown.get(kind, kind))
                for name, kind in _MEASURES.items()
            ),
        ],
        rows=rows,
        total=(Message("value.came"), *(came.get(name) for name in _MEASURES)),
        caption=Message("value.comparison_caption", _judged_words(judged, context)),
    )


def _choice(rounds: pa.Table, context: JudgedContext) -> DataTable:
    """One row a law, with its deviance at each earlier cut-off."""
    cutoffs = sorted(set(rounds["cutoff"].to_pylist()))
    found = {(row["law"], row["cutoff"]): row["amount_deviance"] for row in rounds.to_pylist()}
    laws = list(dict.fromkeys(rounds["law"].to_pylist()))
    rows: list[tuple[Value, ...]] = [
        (_method(law), *(_deviance(found.get((law, cutoff))) for cutoff in cutoffs)) for law in laws
    ]
    return DataTable(
        title=Message("value.choice"),
        columns=[
            Column("method", Message("value.column_method")),
            *(Column(each.isoformat(), Message("value.column_asked_on", {"cutoff": each})) for each in cutoffs),
        ],
        rows=rows,
        caption=Message("value.choice_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def _deviance(value: float | None) -> Value:
    return None if value is None else Message("value.deviance", {"value": value})


def _cell(found: Estimate) -> Value:
    code = {"top_tenth_found": "value.share_between", "amount_deviance": "evaluate.interval"}.get(found.measure)
    if code is not None:
        return Message(code, {"value": found.value, "low": found.low, "high": found.high})
    return found.value


def _judged_words(judged: Judged, context: JudgedContext) -> dict[str, object]:
    return {
        "cutoff": judged.judgement.cutoff,
        "days": context.horizon_days,
        "customers": len(judged.came.amount),
        "method": _method(judged.published),
        "counted": context.counted,
    }


def _method(name: str) -> Message:
    return Message(f"value.method_{name}")
