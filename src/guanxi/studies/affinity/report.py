"""What the affinity study says in the report: the web of products, the strongest rules, what to show beside what."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from guanxi.report import charts
from guanxi.report.document import Advice, Column, DataTable, Figure, Section, Value
from guanxi.studies import base
from guanxi.studies.affinity.judge import Judged
from guanxi.studies.affinity.learn import Learned
from guanxi.words import Message

__all__ = ["Context", "advice", "rules_sheet", "sections"]

_WEB_POINTS, _WEB_LINKS = 48, 90
_WEB_CANDIDATES = 1000
_RULE_ROWS = 25
_PRODUCT_ROWS = 200
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Context(base.JudgedContext):
    """What the words need to know beside the tables."""

    learned: Learned
    names: Mapping[str, str]
    since: dt.date | None
    shortened: bool

    @property
    def counted_with(self) -> dict[str, object]:
        return {**super().counted_with, "since": self.since, "baskets": self.learned.baskets}

    def named(self, products: Sequence[str]) -> list[str]:
        return [self.names[product] for product in products]


def sections(companions: pa.Table, judged: Judged, context: Context) -> list[Section]:
    """The chapters ``affinity`` and, where any product has a companion, ``bought-together``."""
    learned = context.learned
    if not learned.rules.num_rows:
        words = {"baskets": learned.baskets, "tested": learned.tested, "least": learned.least}
        nothing = Message("affinity.found_none", words) if learned.baskets else Message("affinity.missing_products")
        return [Section(id="affinity", title=Message("affinity.title"), intro=[nothing])]
    found = [_affinity(judged, context)]
    if companions.num_rows:
        found.append(_bought_together(companions, context))
    return found


def advice(context: Context) -> list[Advice]:
    """The pair that sells together most beyond chance."""
    pairs = _strongest_pairs(context.learned)
    if context.judgement.grade not in "AB" or not pairs:
        return []
    first = pairs[0]
    words = {
        **_sides(first, context),
        "share": first["confidence"],
        "lift": first["lift"],
        "count": first["count"],
        "more": first["leverage"] * context.learned.baskets,
    }
    return [Advice(Message("affinity.do_offer", words), Message("affinity.do_offer_how", words))]


def rules_sheet(rules: pa.Table, context: Context) -> DataTable:
    """All rules for people: products as JSON arrays of their numbers, and their names."""
    columns = ["antecedent", "consequent", "antecedent_names", "consequent_names"]
    counts = ["count", "antecedent_count", "consequent_count"]
    shares = ["support", "confidence", "confidence_low", "confidence_high", "lift", "leverage", "conviction"]
    return DataTable(
        title=Message("affinity.rules"),
        columns=[
            *(Column(key, Message(f"affinity.column_{key}")) for key in columns),
            *(Column(key, Message(f"affinity.column_{key}"), "int") for key in counts),
            *(Column(key, Message(f"affinity.column_{key}")) for key in [*shares, "p", "q"]),
        ],
        rows=[
            (
                *(json.dumps(row[side], ensure_ascii=False) for side in columns[:2]),
                *(json.dumps(context.named(row[side]), ensure_ascii=False) for side in columns[:2]),
                *(row[key] for key in counts),
                *(_digits(row[key]) for key in [*shares, "p", "q"]),
            )
            for row in rules.to_pylist()
        ],
        caption=context.counted,
    )


def _digits(value: float) -> str | None:
    """Six digits of meaning, as text: a probability may be far below the decimals of a share. None for ever."""
    return f"{value:.6g}" if math.isfinite(value) else None


def _affinity(judged: Judged, context: Context) -> Section:
    learned = context.learned
    words = {"baskets": learned.baskets, "least": learned.least, "share": learned.least / learned.baskets}
    counts = {"tested": learned.tested, "found": learned.found, "kept": learned.rules.num_rows}
    notes = [
        Message("affinity.tested", counts),
        Message("affinity.least", words),
    ]
    if context.shortened:
        notes.append(Message("affinity.shortened", {"since": context.since}))
    if judged.held is not None and judged.held.counted:
        fate = judged.held
        notes.append(
            Message(
                "affinity.held",
                {
                    "cutoff": judged.judgement.cutoff,
                    "rules": fate.table.num_rows,
                    "counted": fate.counted,
                    "above": fate.above / fate.counted,
                    "confirmed": fate.confirmed / fate.counted,
                    "contradicted": fate.contradicted / fate.counted,
                },
            )
        )
    return Section(
        id="affinity",
        title=Message("affinity.title"),
        intro=[Message("affinity.intro")],
        figures=list(_web(context)),
        tables=[_rules_table(context)],
        notes=notes,
    )


def _web(context: Context) -> Iterator[Figure]:
    pairs = _strongest_pairs(context.learned)
    if not pairs:
        return
    shown: list[Row] = []
    sizes: dict[str, int] = {}
    for pair in pairs:
        ends = {pair["one"]: pair["antecedent_count"], pair["other"]: pair["consequent_count"]}
        if len({*sizes, *ends}) <= _WEB_POINTS and len(shown) < _WEB_LINKS:
            sizes |= ends
            shown.append(pair)
    place = {product: number for number, product in enumerate(sizes)}
    first = pairs[0]
    yield Figure(
        id="product-web",
        title=Message("affinity.figure_web"),
        finding=Message(
            "affinity.finding_web", {**_sides(first, context), "count": first["count"], "lift": first["lift"]}
        ),
        chart=charts.web(
            context.named(list(sizes)),
            list(sizes.values()),
            [charts.Link(place[p["one"]], place[p["other"]], p["count"], p["lift"]) for p in shown],
            name=Message("affinity.column_count"),
            strength=Message("affinity.column_lift"),
            one=Message("affinity.column_product"),
            other=Message("affinity.column_companion"),
            least=Message("affinity.slider"),
        ),
        caption=Message(
            "affinity.caption_web",
            {"links": len(shown), "of": context.learned.pairs.num_rows // 2, "counted": context.counted},
        ),
    )


def _strongest_pairs(learned: Learned) -> list[dict[str, Any]]:
    """The first pairs by how many more baskets hold them than by chance, each in the direction that is surer."""
    # Both directions of a pair have the same leverage and the same q.
    order = np.argsort(-learned.pairs["leverage"].to_numpy(), kind="stable")[: 2 * _WEB_CANDIDATES]
    best: dict[frozenset[str], dict[str, Any]] = {}
    for row in learned.pairs.take(pa.array(order)).to_pylist():
        one, other = row["antecedent"][0], row["consequent"][0]
        key = frozenset((one, other))
        if key not in best or row["confidence"] > best[key]["confidence"]:
            best[key] = {**row, "one": one, "other": other}
    return sorted(best.values(), key=lambda row: (-row["leverage"], row["one"], row["other"]))


def _sides(pair: Row, context: Context) -> dict[str, object]:
    return {"product": context.names[pair["one"]], "companion": context.names[pair["other"]]}


def _rules_table(context: Context) -> DataTable:
    rows = list(_telling(context.learned.rules.to_pylist()))[:_RULE_ROWS]
    return DataTable(
        title=Message("affinity.table_rules", {"rows": len(rows), "of": context.learned.found}),
        columns=[
            Column("antecedent", Message("affinity.column_antecedent")),
            Column("consequent", Message("affinity.column_consequent")),
            Column("count", Message("affinity.column_baskets"), "int"),
            Column("confidence", Message("affinity.column_confidence"), "percent", bar=True),
            Column("interval", Message("affinity.column_interval")),
            Column("lift", Message("affinity.column_lift"), "number"),
            Column("more", Message("affinity.column_more"), "int"),
        ],
        rows=[
            (
                Message("affinity.products", {"names": context.named(row["antecedent"])}),
                Message("affinity.products", {"names": context.named(row["consequent"])}),
                row["count"],
                row["confidence"],
                Message("affinity.interval", {"low": row["confidence_low"], "high": row["confidence_high"]}),
                row["lift"],
                round(row["leverage"] * context.learned.baskets),
            )
            for row in rows
        ],
        caption=Message("affinity.caption_rules", {"counted": context.counted}),
    )


def _telling(rules: Sequence[Row]) -> Iterator[Row]:
    """Rules in order, each product once: else the first group of products would fill the page."""
    seen: set[str] = set()
    for row in rules:
        products = {*row["antecedent"], *row["consequent"]}
        if not products & seen:
            seen |= products
            yield row


def _bought_together(companions: pa.Table, context: Context) -> Section:
    by_rule = context.judgement.grade in "AB"
    beside: dict[str, list[Row]] = {}
    for row in companions.to_pylist():
        beside.setdefault(row["product"], []).append(row)
    single = context.learned.single()
    counts = {row["items"][0]: row["count"] for row in single.to_pylist()}
    products = sorted(beside, key=lambda product: (-counts[product], product))
    table = DataTable(
        title=Message("affinity.table_companions", {"rows": min(_PRODUCT_ROWS, len(products)), "of": len(products)}),
        columns=[
            Column("product", Message("affinity.column_product")),
            Column("count", Message("affinity.column_baskets"), "int"),
            *(
                Column(f"companion_{place}", Message("affinity.column_place", {"place": place}))
                for place in range(1, 1 + max(map(len, beside.values())))
            ),
        ],
        rows=[
            _padded(
                [context.names[product], counts[product], *(_companion(row, context) for row in beside[product])],
                2 + max(map(len, beside.values())),
            )
            for product in products[:_PRODUCT_ROWS]
        ],
        caption=Message(
            "affinity.caption_companions" if by_rule else "affinity.caption_popular", {"counted": context.counted}
        ),
        search=Message("affinity.search"),
    )
    return Section(
        id="bought-together",
        title=Message("affinity.title_companions"),
        intro=[Message("affinity.intro_companions" if by_rule else "affinity.intro_popular")],
        tables=[table],
        notes=[context.judgement.explained],
    )


def _companion(row: Row, context: Context) -> Message:
    name = context.names.get(row["companion"], row["companion"])
    if row["lift"] is None:
        return Message("affinity.popular", {"name": name, "share": row["share"]})
    return Message("affinity.companion", {"name": name, "share": row["share"], "lift": row["lift"]})


def _padded(values: list[Value], width: int) -> tuple[Value, ...]:
    return (*values, *[None] * (width - len(values)))
