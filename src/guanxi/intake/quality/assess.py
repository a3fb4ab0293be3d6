"""From the breaches of all rules to scores and findings."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from guanxi.intake.clean import file_sql
from guanxi.intake.mapping import FileMapping
from guanxi.intake.parse import identifier, literal
from guanxi.intake.quality.records import key_breaches, record_breaches
from guanxi.intake.quality.result import MEASURES, Example, Finding, Measure, Quality, mean
from guanxi.intake.quality.rules import EXAMPLES, RULES, Breach
from guanxi.intake.quality.timeliness import Timeliness, timeliness
from guanxi.intake.quality.values import Context, needed_roles, value_breaches
from guanxi.intake.roles import ROLES
from guanxi.intake.staged import Staged
from guanxi.words import Message

__all__ = ["assess"]

_SURE = 0.6
"""Confidence below which a person should look at a guess."""


def assess(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    mapping: FileMapping,
    *,
    timezone: str,
    currency: str,
    received_on: dt.date,
    confidence: Mapping[str, float] | None = None,
    parsed: Path | None = None,
) -> Quality:
    """Measure how good one delivered file is.

    Parameters
    ----------
    connection : a private DuckDB database
    staged : the file, as its reader left it
    mapping : which column means what
    timezone, currency : of the company
    received_on : the day of the delivery
    confidence : role → how sure the guess of its column is, 0 … 1; None where a person made the mapping
    parsed : Parquet that `guanxi.intake.clean.file_sql` gave of this order file; made for the while where None

    Returns
    -------
    Quality : scores and findings; what they mean stands in `guanxi.intake.quality`.

    Raises
    ------
    MappingError : the mapping lacks a role that this kind of file needs.

    Notes
    -----
    O(records), in a few passes of DuckDB; memory grows with the distinct values of the widest column and spills.
    """
    mapping.require_complete()
    context = Context(connection, staged, mapping, timezone, currency, received_on)
    breaches = [*_unread(staged), *_headers(staged, mapping, confidence), *value_breaches(context)]
    times = Timeliness(None, None, 0, 0, 0, ())
    if mapping.kind == "orders":
        with tempfile.TemporaryDirectory(dir=staged.path.parent) as folder:
            parsed = parsed or _parse(context, Path(folder) / "parsed.parquet")
            breaches += record_breaches(context, parsed)
            times = timeliness(context, parsed)
    else:
        breaches += key_breaches(context, "customer_id" if mapping.kind == "customers" else "product_id")
    breaches += times.breaches
    columns = _column_measures(context, breaches, times, confidence or {})
    measures = tuple(_file_measure(name, context, columns, breaches) for name in MEASURES)
    findings = _findings(context, breaches)
    return Quality(
        source=mapping.source,
        file=staged.file,
        kind=mapping.kind,
        records=_records(staged),
        overall=mean([(measure.score, 1) for measure in measures]),
        measures=measures,
        columns=columns,
        findings=tuple(sorted(findings, key=lambda each: (-each.importance, -each.severity, each.code))),
        first_on=times.first_on,
        newest_on=times.newest_on,
    )


def _records(staged: Staged) -> int:
    return staged.rows + len(staged.unread)


def _parse(context: Context, path: Path) -> Path:
    query = file_sql(
        context.connection,
        str(context.staged.path),
        context.mapping,
        timezone=context.timezone,
        currency=context.currency,
        received_on=context.received_on,
    )
    context.connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION lz4)")
    return path


def _unread(staged: Staged) -> Iterable[Breach]:
    if staged.unread:
        yield Breach("unread", None, len(staged.unread))


def _headers(staged: Staged, mapping: FileMapping, confidence: Mapping[str, float] | None) -> Iterable[Breach]:
    used = {spec.column for spec in mapping.columns.values()}
    without = [column for column in staged.columns if column not in used]
    if without:
        yield Breach("no_role", None, 0, parameters={"columns": without})
    for role, spec in mapping.columns.items():
        if confidence is not None and confidence.get(role, 1.0) < _SURE:
            meaning = Message(f"mapping.role_{role}")
            said = {"meaning": meaning, "sure": confidence[role]}
            yield Breach("unsure_role", spec.column, 0, (), (), said, estimated=staged.rows)


def _column_measures(
    context: Context, breaches: Sequence[Breach], times: Timeliness, confidence: Mapping[str, float]
) -> tuple[Measure, ...]:
    records = context.staged.rows
    broken: dict[tuple[str, str], int] = defaultdict(int)
    for breach in breaches:
        if breach.column is not None:
            broken[RULES[breach.rule].measure, breach.column] += breach.rows
    roles = {spec.column: role for role, spec in context.mapping.columns.items()}

    def scores(column: str, role: str | None) -> Mapping[str, float | None]:
        present = records - broken["completeness", column]
        accurate = role is not None and present > 0
        consistent = role is not None and records > 0
        timely = role == "ordered_at" and context.mapping.kind == "orders"
        future = sum(each.rows for each in breaches if each.rule == "future" and each.column == column)
        sure = confidence.get(role, 1.0) if role else 0.5
        return {
            "accuracy": _less(broken["accuracy", column], present) if accurate else None,
            "completeness": _less(broken["completeness", column], records) if records else None,
            "consistency": _less(broken["consistency", column], records) if consistent else None,
            "timeliness": times.score(events=present, future=future) if timely else None,
            "understandability": sure * _less(broken["understandability", column], max(present, 1)),
        }

    return tuple(
        Measure(name, score, column, roles.get(column))
        for column in context.staged.columns
        for name, score in scores(column, roles.get(column)).items()
    )


def _file_measure(name: str, context: Context, columns: Sequence[Measure], breaches: Sequence[Breach]) -> Measure:
    needed = needed_roles(context.mapping)

    def weight(role: str | None) -> float:
        if role is None:
            return 1.0 if name == "understandability" else 0.0
        return 2.0 if role in needed else 1.0

    score = mean([(each.score, weight(each.role)) for each in columns if each.name == name])
    whole = sum(each.rows for each in breaches if each.column is None and RULES[each.rule].measure == name)
    return Measure(name, None if score is None else score * _less(whole, _records(context.staged)))


def _less(broken: int, judged: int) -> float:
    """One less the share that is broken."""
    return 1 - min(1.0, broken / judged) if judged else 1.0


def _findings(context: Context, breaches: Sequence[Breach]) -> list[Finding]:
    staged = context.staged
    personal = {
        spec.column for role, spec in context.mapping.columns.items() if ROLES[context.mapping.kind][role].personal
    }
    looked_up = _values(context, [(_shown(context, each), each.records) for each in breaches if each.values is None])
    findings = []
    for breach in breaches:
        rule, column = RULES[breach.rule], _shown(context, breach)
        values = breach.values or tuple(looked_up.get((column, record)) for record in breach.records)
        if breach.rule == "unread":
            examples = tuple(Example(each.line or 0, each.column, each.record) for each in staged.unread[:EXAMPLES])
        else:
            lines = staged.lines(breach.records)
            examples = tuple(Example(at, column, value) for at, value in zip(lines, values, strict=True))
        parameters = {
            "column": breach.column or "",
            "rows": breach.rows,
            "share": breach.rows / max(_records(staged), 1),
            "received": context.received_on,
            "currency": context.currency,
            **breach.parameters,
        }
        findings.append(
            Finding(
                measure=rule.measure,
                code=breach.rule,
                column=breach.column,
                rows=breach.rows,
                severity=rule.severity,
                message=Message(f"quality.{breach.rule}", parameters),
                fix=Message(f"quality.{breach.rule}_fix", parameters),
                examples=examples,
                personal=breach.rule == "unread" or column in personal,
                importance=max(breach.rows, breach.estimated) * rule.severity,
            )
        )
    return findings


def _shown(context: Context, breach: Breach) -> str | None:
    """The column that examples show: of a breach about no single column the order number, if there is one."""
    if breach.column is None and "order_id" in context.mapping.columns:
        return context.mapping.columns["order_id"].column
    return breach.column


def _values(
    context: Context, wanted: Sequence[tuple[str | None, tuple[int, ...]]]
) -> dict[tuple[str | None, int], str | None]:
    """What the examples' cells hold, read at once."""
    records = sorted({record for _, examples in wanted for record in examples})
    columns = sorted({column for column, _ in wanted if column is not None})
    if not records or not columns:
        return {}
    rows = context.rows(
        f"""SELECT file_row_number + 1, {", ".join(map(identifier, columns))} FROM {context.file_sql}
        WHERE file_row_number IN ({", ".join(str(record - 1) for record in records)})"""
    )
    return {(column, row[0]): value for row in rows for column, value in zip(columns, row[1:], strict=True)}
