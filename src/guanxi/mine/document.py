"""The printed report: the chapters of the studies, who moved since last time, and how good the data is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from guanxi.intake.quality import MEASURES
from guanxi.mine.intake import Imported
from guanxi.mine.job import Mined
from guanxi.mine.movement import Movement
from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Document, Fact, Figure, Section, Value
from guanxi.studies import Account, Result
from guanxi.studies.backtest import grades_table
from guanxi.studies.base import KEEP_OUT_RULES
from guanxi.words import Message, Money

__all__ = ["document_of"]

_ORDER = (
    "first", "value", "next-purchase", "churn", "segments", "concentration", "movement", "affinity", "bought-together",
    "coverage", "sales", "returning", "countries", "products", "data",
)  # fmt: skip
_FINDINGS = 8
_FLOWS = 24


def document_of(mined: Mined) -> Document:
    """The report of a run, in no language yet."""
    found = {section.id: section for result in mined.results for section in result.sections}
    found |= {section.id: section for section in _own_sections(mined)}
    places = {name: place for place, name in enumerate(_ORDER)}
    return Document(
        title=Message("mine.title"),
        subtitle=Message("mine.subtitle", _span(mined)),
        facts=list(_facts(mined)),
        sections=[found[name] for name in sorted(found, key=lambda name: places.get(name, len(places)))],
        footer=Message(
            "mine.footer",
            {
                "as_of": mined.as_of,
                "snapshot": mined.snapshot.data_id,
                "horizon": mined.horizon_days,
                "timezone": mined.snapshot.settings.timezone,
            },
        ),
    )


def _own_sections(mined: Mined) -> Iterator[Section]:
    advice = [each for result in mined.results for each in result.advice]
    calls = [table for result in mined.results for table in result.lists]
    if advice or calls:
        yield Section(
            id="first", title=Message("mine.first"), intro=[Message("mine.first_intro")], advice=advice, tables=calls
        )
    if mined.movement is not None:
        yield _movement(mined.movement)
    yield _data(mined)


def _span(mined: Mined) -> dict[str, object]:
    days = mined.result("overview")
    span: dict[str, object] = {"as_of": mined.as_of, "first": mined.as_of}
    if days is not None:
        span["first"] = days.tables["sales_by_day"]["ordered_on"][0].as_py()
    return span


def _facts(mined: Mined) -> Iterator[Fact]:
    currency = mined.snapshot.settings.currency
    segments, overview = mined.result("segments"), mined.result("overview")
    if segments is not None:
        customers = segments.tables["customers"]
        buyers = int(pc.sum(pc.greater(customers["orders"], 0)).as_py() or 0)
        yield Fact(
            Message("mine.fact_customers"),
            customers.num_rows,
            "int",
            Message("mine.fact_customers_note", {"buyers": buyers}),
        )
        active = int(pc.sum(pc.less_equal(customers["days_since_last_order"], mined.horizon_days)).as_py() or 0)
        yield Fact(
            Message("mine.fact_active", {"days": mined.horizon_days}), active, "int",
            Message("mine.fact_active_note", {"share": active / buyers if buyers else 0.0}),
        )  # fmt: skip
        silent = customers.filter(customers["is_silent"])
        yield Fact(
            Message("mine.fact_silent"), silent.num_rows, "int",
            Message("mine.fact_silent_note", {"amount": Money(pc.sum(silent["amount"]).as_py() or 0, currency)}),
        )  # fmt: skip
    if overview is not None:
        days = overview.tables["sales_by_day"]
        orders, amount, returns, known = (
            int(pc.sum(days[name]).as_py() or 0) for name in ("orders", "amount", "returns_amount", "known_amount")
        )
        yield Fact(Message("mine.fact_orders"), orders, "int")
        yield Fact(
            Message("mine.fact_amount"), Money(amount, currency), "text",
            Message("mine.fact_amount_note", {"returns": Money(returns, currency)}),
        )  # fmt: skip
        yield Fact(
            Message("mine.fact_known"), known / amount if amount else None, "percent", Message("mine.fact_known_note")
        )


def _movement(movement: Movement) -> Section:
    rows = movement.table.to_pylist()
    known = [row for row in rows if row["before"] is not None]
    figures = []
    if known:
        links = [
            (Message(f"segments.{row['before']}"), Message(f"segments.{row['after']}"), row["customers"])
            for row in known[:_FLOWS]
        ]
        figures.append(
            Figure(
                id="flows",
                title=Message("mine.figure_flows"),
                finding=Message("mine.finding_flows", {"moved": movement.moved, "new": movement.new}),
                chart=charts.flows(
                    links,
                    before=Message("mine.segments_on", {"date": movement.before_as_of}),
                    after=Message("mine.segments_on", {"date": movement.as_of}),
                ),
                caption=Message("mine.caption_flows", {"rows": len(links)}),
            )
        )
    return Section(id="movement", title=Message("mine.movement"), figures=figures)


def _data(mined: Mined) -> Section:
    tables = []
    if mined.intake is not None:
        tables += [_files_table(mined.intake.files), _quality_table(mined.intake.files)]
        findings = _findings_table(mined.intake.files)
        tables += [findings] if findings.rows else []
    tables.append(_account_table(mined.results))
    grades = grades_table(mined.results)
    tables += [grades] if grades is not None else []
    notes = [*(mined.intake.notes if mined.intake else ()), *(m for result in mined.results for m in result.missing)]
    return Section(
        id="data", title=Message("mine.data"), intro=[Message("mine.data_intro")], tables=tables, notes=notes
    )


def _files_table(files: Sequence[Imported]) -> DataTable:
    return DataTable(
        title=Message("mine.files"),
        columns=[
            Column("file", Message("mine.column_file")),
            Column("kind", Message("mine.column_kind")),
            Column("records", Message("mine.column_records"), "int"),
            Column("loaded", Message("mine.column_loaded"), "int"),
            Column("known", Message("mine.column_known"), "int"),
            Column("set_aside", Message("mine.column_set_aside"), "int"),
        ],
        rows=[
            (
                each.staged.file, Message(f"mapping.kind_{each.mapping.kind}"), each.account.records,
                each.account.loaded, each.account.known, each.account.set_aside,
            )
            for each in files
        ],
        caption=Message("mine.files_caption"),
    )  # fmt: skip


def _quality_table(files: Sequence[Imported]) -> DataTable:
    """The five measures line by line, a column per file."""
    judged = [(each.staged.file, each.quality) for each in files if each.quality is not None]
    alone = Message("mine.column_score")
    return DataTable(
        title=Message("mine.quality"),
        columns=[
            Column("measure", Message("mine.column_measure")),
            *(
                Column(f"file_{place}", name if len(judged) > 1 else alone, "percent", bar=True)
                for place, (name, _) in enumerate(judged)
            ),
        ],
        rows=[
            (Message(f"quality.measure_{measure}"), *(quality.score(measure) for _, quality in judged))
            for measure in MEASURES
        ],
        total=(Message("mine.column_overall"), *(quality.overall for _, quality in judged)),
        caption=Message("mine.quality_caption"),
    )


def _findings_table(files: Sequence[Imported]) -> DataTable:
    found = [(each, finding) for each in files if each.quality is not None for finding in each.quality.findings]
    found.sort(key=lambda pair: pair[1].importance, reverse=True)
    name = _name_column(files)
    return DataTable(
        title=Message("mine.findings", {"rows": min(_FINDINGS, len(found)), "of": len(found)}),
        columns=[
            *name,
            Column("finding", Message("mine.column_finding")),
            Column("rows", Message("mine.column_rows"), "int", bar=True),
            Column("fix", Message("mine.column_fix")),
        ],
        rows=[
            (*(each.staged.file for _ in name), finding.message, finding.rows or None, finding.fix)
            for each, finding in found[:_FINDINGS]
        ],
        caption=Message("mine.findings_caption"),
    )


def _name_column(files: Sequence[Imported]) -> list[Column]:
    """A column for the file's name where there is more than one to tell apart."""
    return [Column("file", Message("mine.column_file"))] if len(files) > 1 else []


def _account_table(results: Sequence[Result]) -> DataTable:
    """Every delivered row of the order files, per study; each line adds up to the first number."""
    accounts: list[tuple[str, Account]] = [(result.study, result.account) for result in results]
    rules = [rule for rule in KEEP_OUT_RULES if any(rule in account.kept_out for _, account in accounts)]
    rows: list[tuple[Value, ...]] = [
        (
            Message(f"{study}.question"), account.delivered, account.used, account.set_aside,
            *(account.kept_out.get(rule, 0) for rule in rules),
        )
        for study, account in accounts
    ]  # fmt: skip
    return DataTable(
        title=Message("mine.account"),
        columns=[
            Column("study", Message("mine.column_study")),
            Column("delivered", Message("mine.column_delivered"), "int"),
            Column("used", Message("mine.column_used"), "int"),
            Column("set_aside", Message("mine.column_set_aside"), "int"),
            *(Column(rule, Message(f"studies.rule_{rule}"), "int") for rule in rules),
        ],
        rows=rows,
        caption=Message("mine.account_caption"),
    )
