"""Rules that look at one value alone: missing, unreadable, out of its domain, garbled, written unlike the others.

A value is judged once however often it occurs: each column is grouped by its raw text first, which DuckDB does many
times faster than it evaluates a pattern on every record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from babel.numbers import list_currencies

from guanxi.intake.countries import country_code
from guanxi.intake.mapping import ColumnMapping, FileMapping
from guanxi.intake.parse import (
    date_sql,
    decimal_sql,
    id_sql,
    identifier,
    instant_sql,
    literal,
    missing_sql,
    text_sql,
)
from guanxi.intake.quality.rules import EXAMPLES, Breach
from guanxi.intake.roles import REQUIRED, ROLES
from guanxi.intake.staged import Staged

__all__ = ["Context", "needed_roles", "value_breaches"]

_GARBLED = (
    r"\x{FFFD}|锟斤拷|烫烫|屯屯|\x{EF}\x{BB}\x{BF}"
    # UTF-8 read as Western European: é as Ã©, the quotation mark ’ as â€™.
    r"|[\x{C3}\x{C2}][\x{80}-\x{BF}]|\x{E2}\x{20AC}"
    # Windows-1252 read as Latin-1: its quotation marks become control characters.
    r"|[\x{80}-\x{9F}]"
    # GBK read as Western European: 中文 as ÖÐÎÄ. No word has four such letters in a row.
    r"|[\x{B0}-\x{FF}]{4,}"
    # Letters that an encoding did not have.
    r"|^\?{2,}$"
)
_EMAIL = r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+"
# ITU-T E.164 allows 15 digits; local numbers have 5 or more.
_PHONE = r"\+?(\d[-. /()]{0,2}|\(\d){5,15}((x|ext\.?|#|转) ?\d{1,6})?"
_SIGN = r"(?i)[¥￥$€£₩₹₽]|RMB|CNY|USD|EUR|GBP|HKD|JPY|元"
_SAME_SIGN = {"￥": "¥", "RMB": "¥", "CNY": "¥", "元": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_PLACEHOLDERS = ("1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02", "1970-01-01", "0001-01-01")
_OTHER_ORDER = {"day_first": "month_first", "month_first": "day_first"}


@dataclass(frozen=True)
class Context:
    """What every rule may need to know."""

    connection: duckdb.DuckDBPyConnection
    staged: Staged
    mapping: FileMapping
    timezone: str
    currency: str
    received_on: dt.date

    @property
    def file_sql(self) -> str:
        return f"read_parquet({literal(str(self.staged.path))}, file_row_number = true)"

    def distinct_sql(self, column: str) -> str:
        """Each value of a column once: itself, ``value``, how many ``records`` have it, the first such ``record``."""
        raw = identifier(column)
        return f"""(
            SELECT {raw}, {raw} AS value, count(*) AS records, min(file_row_number) + 1 AS record
            FROM {self.file_sql} GROUP BY ALL
        )"""

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()


def needed_roles(mapping: FileMapping) -> frozenset[str]:
    """The roles that this file cannot do without: those of each group's first alternative that it has."""
    needed: set[str] = set()
    for group in REQUIRED[mapping.kind]:
        needed.update(next((roles for roles in group if all(role in mapping.columns for role in roles)), ()))
    return frozenset(needed)


def value_breaches(context: Context) -> Iterator[Breach]:
    """Every breach of a rule about single values, for all columns of the file."""
    roles = {spec.column: role for role, spec in context.mapping.columns.items()}
    for column in context.staged.columns:
        role = roles.get(column)
        spec = context.mapping.columns[role] if role else ColumnMapping(column=column)
        yield from _judged(context, spec, role)
        if role and ROLES[context.mapping.kind][role].value == "instant":
            yield from _date_styles(context, spec)
        if role in ("unit_price", "amount"):
            yield from _currency_signs(context, spec)


def _judged(context: Context, spec: ColumnMapping, role: str | None) -> Iterator[Breach]:
    needed = needed_roles(context.mapping)
    missing = "missing_required" if role in needed else "missing"
    if role == "customer_id" and role not in needed:
        missing = "missing_customer"
    cases = [(missing, missing_sql(spec)), *(_domain(context, spec, role) if role else ())]
    first = "CASE " + " ".join(f"WHEN {condition} THEN {literal(rule)}" for rule, condition in cases) + " END"
    # Of plain bytes only question marks are looked for; the pattern is asked of the few others.
    suspect = "(strlen(value) <> length(value) OR starts_with(value, '??'))"
    garbled = f"CASE WHEN {suspect} AND regexp_matches(value, {literal(_GARBLED)}) THEN 'garbled' END"
    query = f"""
    SELECT rule, CAST(sum(records) AS BIGINT), min(record, {EXAMPLES}), arg_min(value, record, {EXAMPLES})
    FROM (
        SELECT unnest([{first}, {garbled}]) AS rule, value, records, record FROM {context.distinct_sql(spec.column)}
    ) WHERE rule IS NOT NULL GROUP BY rule ORDER BY rule"""
    for rule, rows, records, values in context.rows(query):
        # Nulls are no values to DuckDB's arg_min, but a missing cell is an example like any other.
        shown = tuple(values) if values and len(values) == len(records) else None
        yield Breach(rule, spec.column, rows, tuple(records), shown)


def _domain(context: Context, spec: ColumnMapping, role: str) -> Iterator[tuple[str, str]]:
    """Name and condition of the rules for a role's values, the first one that holds counts."""
    kind = ROLES[context.mapping.kind][role].value
    unreadable = "unreadable" if role in needed_roles(context.mapping) else "unreadable_detail"
    if kind == "decimal":
        value = decimal_sql(spec, precision=18, scale=6)
        yield unreadable, f"{value} IS NULL"
        if role in ("unit_price", "unit_cost"):
            yield "negative_price", f"{value} < 0"
    elif kind == "instant":
        value = instant_sql(spec, zone=context.timezone)
        if spec.format in _OTHER_ORDER:
            other = instant_sql(spec.model_copy(update={"format": _OTHER_ORDER[spec.format]}), zone=context.timezone)
            yield "date_order", f"{value} IS NULL AND {other} IS NOT NULL"
        yield unreadable, f"{value} IS NULL"
        day = date_sql(spec)
        yield "placeholder", f"{day} IN ({', '.join(f'DATE {literal(each)}' for each in _PLACEHOLDERS)})"
        yield "future", f"{day} > {_date(context.received_on + dt.timedelta(days=1))}"
    elif kind == "date":
        day = date_sql(spec)
        yield unreadable, f"{day} IS NULL"
        if role == "born_on":
            oldest = context.received_on - dt.timedelta(days=round(120 * 365.25))
            yield "birth_impossible", f"{day} NOT BETWEEN {_date(oldest)} AND {_date(context.received_on)}"
        else:
            yield "future", f"{day} > {_date(context.received_on + dt.timedelta(days=1))}"
    elif role == "country":
        unknown = ", ".join(map(literal, _unknown_countries(context, spec)))
        if unknown:
            yield "country_unknown", f"{text_sql(spec)} IN ({unknown})"
    elif role == "currency":
        known = ", ".join(literal(code) for code in sorted(list_currencies()))
        yield "currency_unknown", f"upper({id_sql(spec)}) NOT IN ({known})"
    elif role == "email":
        yield "email_shape", f"NOT regexp_full_match({id_sql(spec)}, {literal(_EMAIL)})"
    elif role == "phone":
        yield "phone_shape", f"NOT regexp_full_match({id_sql(spec)}, {literal(_PHONE)})"


def _unknown_countries(context: Context, spec: ColumnMapping) -> list[str]:
    names = context.rows(f"SELECT DISTINCT {text_sql(spec)} FROM {context.distinct_sql(spec.column)}")
    return sorted(name for (name,) in names if name and country_code(name) is None)


def _date_styles(context: Context, spec: ColumnMapping) -> Iterator[Breach]:
    """Dates written unlike most in the column. 2024-3-5 and 2024-03-05 are one style, 2024/3/5 and 5 Mar are others."""
    raw = identifier(spec.column)
    day = "regexp_replace(shape, '[T ,]*(上午|下午)? *\\d{1,2}[:时点].*$', '')"
    style = f"regexp_replace(regexp_replace({day}, '\\d+', '0', 'g'), '[A-Za-z]+', 'a', 'g')"
    readable = f"{date_sql(spec)} IS NOT NULL"
    # A style does not depend on the digits: it is found once for all values that differ in nothing else.
    styles = context.rows(
        f"""WITH readable AS MATERIALIZED (
            SELECT translate({raw}, '123456789', '000000000') AS shape, value, records, record
            FROM {context.distinct_sql(spec.column)} WHERE {readable}
        )
        SELECT style, CAST(sum(records) AS BIGINT), min(record, {EXAMPLES}), arg_min(value, record, {EXAMPLES})
        FROM readable JOIN (
            SELECT shape, {style} AS style FROM (SELECT DISTINCT shape FROM readable)
        ) USING (shape) GROUP BY style ORDER BY 2 DESC, 1"""
    )
    yield from _rarer("date_styles", spec.column, styles)


def _currency_signs(context: Context, spec: ColumnMapping) -> Iterator[Breach]:
    """Amounts with another currency's sign than most of those that have one."""
    raw = identifier(spec.column)
    sign = f"upper(regexp_extract({raw}, {literal(_SIGN)}))"
    same = " ".join(f"WHEN {literal(one)} THEN {literal(other)}" for one, other in _SAME_SIGN.items())
    signs = context.rows(
        f"""SELECT CASE {sign} {same} ELSE {sign} END AS sign, CAST(sum(records) AS BIGINT), min(record, {EXAMPLES}),
            arg_min(value, record, {EXAMPLES})
        FROM {context.distinct_sql(spec.column)} WHERE {sign} <> '' GROUP BY 1 ORDER BY 2 DESC, 1"""
    )
    yield from _rarer("currency_signs", spec.column, signs)


def _rarer(rule: str, column: str, ways: list[tuple]) -> Iterator[Breach]:
    """All but the first of several ways of writing; ``ways`` are (way, records, example records, their values)."""
    if len(ways) < 2:
        return
    examples = sorted(pair for _, _, records, values in ways[1:] for pair in zip(records, values, strict=True))
    records, values = zip(*examples[:EXAMPLES], strict=True)
    rows = sum(way[1] for way in ways[1:])
    yield Breach(rule, column, rows, records, values, {"usual": ways[0][3][0]})


def _date(day: dt.date) -> str:
    return f"DATE {literal(day.isoformat())}"
