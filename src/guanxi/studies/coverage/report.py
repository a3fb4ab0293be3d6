"""What the coverage study says in the report: where customers lack what others like them have, and whom to ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Figure, Section, Value
from guanxi.studies import base
from guanxi.words import Message

__all__ = ["Context", "candidates_sheet", "sections", "sheet"]

_ROWS = 20
_BARS = 10
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Context(base.JudgedContext):
    """What the words need to know beside the table."""

    level: str
    customers: int
    by_default: bool
    names: Mapping[str, str]

    def named(self, product: str) -> str:
        return self.names.get(product, product)

    def group(self, row: Row) -> Message:
        """A group in words."""
        name = self.named(row["group"]) if row["group_kind"] == "holds" else row["group"]
        return Message(f"coverage.group_{row['group_kind']}", {"name": name})

    @property
    def counted_with(self) -> dict[str, object]:
        return {**super().counted_with, "customers": self.customers}


def sections(cells: pa.Table, context: Context) -> list[Section]:
    """The chapter ``coverage``."""
    gaps = [row for row in cells.to_pylist() if row["to_reach"]]
    if not gaps:
        nothing = "coverage.nothing_to_reach" if cells.num_rows else "coverage.missing_holdings"
        return [Section(id="coverage", title=Message("coverage.title"), intro=[Message(nothing)])]
    wanted = Message("coverage.wanted_by_default" if context.by_default else "coverage.wanted_given")
    return [
        Section(
            id="coverage",
            title=Message("coverage.title"),
            intro=[Message(f"coverage.intro_{context.level}")],
            figures=[_reach(gaps[:_BARS], context)],
            tables=[_gaps(gaps, context)],
            notes=[wanted, context.judgement.explained],
        )
    ]


def sheet(cells: pa.Table, context: Context) -> DataTable:
    """All groups and products, for people."""
    keys = ["group_kind", "group", "group_name", "product", "product_name"]
    counts, shares = ["customers", "holders"], ["coverage", "coverage_low", "coverage_high", "wanted"]
    return DataTable(
        title=Message("coverage.title"),
        columns=[
            *(Column(key, Message(f"coverage.column_{key}")) for key in keys),
            *(Column(key, Message(f"coverage.column_{key}"), "int") for key in counts),
            *(Column(key, Message(f"coverage.column_{key}"), "percent") for key in shares),
            Column("to_reach", Message("coverage.column_to_reach"), "int"),
            Column("rule", Message("coverage.column_rule")),
            Column("confidence", Message("coverage.column_confidence"), "percent"),
            Column("pointed", Message("coverage.column_pointed"), "int"),
            Column("expected", Message("coverage.column_expected"), "number"),
        ],
        rows=[
            (
                Message(f"coverage.kind_{row['group_kind']}"), row["group"], context.group(row), row["product"],
                context.named(row["product"]),
                *(row[key] for key in (*counts, *shares)), row["to_reach"],
                _json(row["rule"]), row["confidence"], row["pointed"], row["expected"],
            )
            for row in cells.to_pylist()
        ],
        caption=context.counted,
    )  # fmt: skip


def candidates_sheet(candidates: pa.Table, context: Context) -> DataTable:
    """The customers to reach of the largest gaps, for people."""
    return DataTable(
        title=Message("coverage.figure_reach"),
        columns=[
            Column("group", Message("coverage.column_group")),
            Column("product", Message("coverage.column_product")),
            Column("place", Message("coverage.column_place"), "int"),
            Column("customer_id", Message("coverage.column_customer_id")),
            Column("chance", Message("coverage.column_chance"), "percent"),
            Column("rule", Message("coverage.column_rule")),
        ],
        rows=[
            (
                context.group(row), context.named(row["product"]), row["place"], row["customer_id"], row["chance"],
                _json(row["rule"]),
            )
            for row in candidates.to_pylist()
        ],
        caption=context.counted,
    )  # fmt: skip


def _json(rule: Sequence[str] | None) -> str | None:
    return None if rule is None else json.dumps(rule, ensure_ascii=False)


def _reach(gaps: Sequence[Row], context: Context) -> Figure:
    first = gaps[0]
    words = {"group": context.group(first), "product": context.named(first["product"]), "to_reach": first["to_reach"]}
    shares = {"now": first["coverage"], "wanted": first["wanted"], "customers": first["customers"]}
    return Figure(
        id="customers-to-reach",
        title=Message("coverage.figure_reach"),
        finding=Message("coverage.finding_reach", {**words, **shares}),
        chart=charts.bar(
            [
                Message("coverage.gap", {"group": context.group(row), "product": context.named(row["product"])})
                for row in gaps
            ],
            [row["to_reach"] for row in gaps], kind="int", name=Message("coverage.column_to_reach"),
            by=Message("coverage.column_gap"),
        ),
        caption=Message("coverage.caption_reach", {"counted": context.counted}),
    )  # fmt: skip


def _rule(row: Row, context: Context) -> Message | None:
    if row["rule"] is None:
        return None
    have = [context.named(product) for product in row["rule"]]
    words = {"have": have, "share": row["confidence"], "product": context.named(row["product"])}
    return Message("coverage.rule", words)


def _gaps(gaps: Sequence[Row], context: Context) -> DataTable:
    rows: list[tuple[Value, ...]] = [
        (
            context.group(row), context.named(row["product"]), row["customers"], row["holders"], row["coverage"],
            row["wanted"], row["to_reach"], _rule(row, context),
        )
        for row in gaps[:_ROWS]
    ]  # fmt: skip
    keys = ["group", "product", "customers", "holders", "coverage", "wanted", "to_reach", "rule"]
    kinds = ["text", "text", "int", "int", "percent", "percent", "int", "text"]
    return DataTable(
        title=Message("coverage.table", {"rows": len(rows), "of": len(gaps)}),
        columns=[
            Column(key, Message(f"coverage.column_{key}"), kind, bar=key == "coverage")
            for key, kind in zip(keys, kinds, strict=True)
        ],
        rows=rows,
        caption=Message("coverage.caption_table", {"counted": context.counted}),
    )
