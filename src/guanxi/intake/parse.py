"""DuckDB SQL that reads text as what it means: identifiers, words, amounts, dates and instants.

Staged columns are text as the file had it. Each function here makes a SQL expression over one of them, NULL where the
text is missing or cannot be read; `unreadable_sql` tells the two apart. Plain values take a bare ``TRY_CAST`` and only
what that cannot read goes through a pattern, because tens of millions of values pass here. A lambda binds each
intermediate value to a name: written out twice it would be computed for every row, also where it is not needed.

Nothing that a person wrote is evaluated: names and patterns enter as quoted identifiers and literals.

Examples
--------
>>> import duckdb
>>> from guanxi.intake.mapping import ColumnMapping
>>> amount = decimal_sql(ColumnMapping(column="x"), precision=18, scale=6)
>>> duckdb.sql(f"SELECT {amount} FROM (VALUES ('￥1,234.50'), ('(3.001)'), ('1e-3'), ('?')) t(x)").fetchall()
[(Decimal('1234.500000'),), (Decimal('-3.001000'),), (Decimal('0.001000'),), (None,)]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from guanxi.intake.mapping import ColumnMapping

__all__ = [
    "MISSING", "date_sql", "decimal_sql", "has_time_sql", "id_sql", "instant_sql", "missing_sql", "text_sql",
    "unreadable_sql",
]  # fmt: skip

MISSING = (
    "", "NULL", "(NULL)", "NA", "N/A", "#N/A", "NAN", "NAT", "NONE", "NIL", "\\N", "-", "--", "—", "——", "/",
    "无", "空", "未知", "暂无", "缺失",
)  # fmt: skip
"""What counts as missing in every column, capitals aside, as people and programs write it."""

_WIDE = (
    "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0\u202f\u2009\u2007\u2212\u2013￥\ufeff\u200b"
)
_HALF = "".join(chr(code) for code in range(0x21, 0x7F)) + "     --¥"
"""Full-width forms, spaces and minus signs to plain ones; the marks without a counterpart at the end are removed."""

_BLANKS = " \t\r\n"


def identifier(name: str) -> str:
    """A column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def missing_sql(spec: ColumnMapping) -> str:
    """Whether nothing is said: NULL or one of `MISSING`."""
    raw = identifier(spec.column)
    # No marker begins with a digit, as most of what is long and of many values does: times, numbers, keys.
    begins_with_digit = f"{raw} >= '0' AND {raw} < ':'"
    is_marker = _let("t", _trimmed(raw), _is_marker("t"))
    return f"CASE WHEN {raw} IS NULL THEN TRUE WHEN {begins_with_digit} THEN FALSE ELSE {is_marker} END"


def unreadable_sql(spec: ColumnMapping, parsed: str) -> str:
    """Whether something is said that could not be read.

    Parameters
    ----------
    spec : the column
    parsed : the expression, or the name of a column, that holds what was read of it
    """
    return f"({parsed} IS NULL AND NOT {missing_sql(spec)})"


def text_sql(spec: ColumnMapping) -> str:
    """Words as people read them: trimmed, runs of spaces and line breaks made one space; full-width forms are kept.

    The apostrophe that makes a formula text, as spreadsheets and our own files write it (``'=1+1``), is taken off.
    """
    raw = identifier(spec.column)
    tidy = f"trim(regexp_replace({raw}, '[\\s\\x{{3000}}\\x{{a0}}]+', ' ', 'g'))"
    untidy = f"regexp_matches({raw}, '^\\s|\\s$|\\s\\s|[\\t\\n\\r\\x{{3000}}\\x{{a0}}]')"
    inert = f"starts_with(t, {literal(_QUOTE)}) AND regexp_matches(t, {literal(_INERT)})"
    return _let(
        "t",
        f"CASE WHEN {untidy} THEN {tidy} ELSE {raw} END",
        f"CASE WHEN {_is_marker('t')} THEN NULL WHEN {inert} THEN substr(t, 2) ELSE t END",
    )


def id_sql(spec: ColumnMapping) -> str:
    """An identifier in one way of writing, so that the same one is the same text in every file.

    Spaces around it are removed and those inside made one, full-width forms become plain ones, and what spreadsheets
    add is taken off: ``="00123"``, ``'00123``, and the ``.0`` of a whole number that was once a float. Leading zeros
    and capitals stay.
    """
    raw = identifier(spec.column)
    tidy = f"trim(regexp_replace({_plain(raw)}, '\\s+', ' ', 'g'))"
    for wrapped in ('^="(.*)"$', "^'(.+)$", "^(\\d+)\\.0$"):
        tidy = f"regexp_replace({tidy}, {literal(wrapped)}, '\\1')"
    value = f"CASE WHEN regexp_full_match({raw}, '[0-9A-Za-z_-]+') THEN {raw} ELSE {tidy} END"
    return _let("t", value, f"CASE WHEN {_is_marker('t')} THEN NULL ELSE t END")


def decimal_sql(spec: ColumnMapping, *, precision: int, scale: int) -> str:
    """An exact decimal; no value passes through a binary float.

    Reads thousands marks (in groups of three, or as in India 1,23,456), currency signs and codes on either side, 元,
    full-width digits, ``(12.50)`` and ``12.50-`` as negative, percent (12 % is 0.12), 万 and 亿, exponents.
    A value that does not fit the precision is NULL.

    Parameters
    ----------
    spec : the column, its decimal mark and thousands mark
    precision, scale : of the SQL type; more decimals are rounded half away from zero
    """
    raw = identifier(spec.column)
    mark = f"[{re.escape(spec.thousands_mark)}' ]"
    whole = f"\\d{{1,3}}(?:{mark}\\d{{2,3}})*{mark}\\d{{3}}|\\d+"
    number = f"(?:{whole})?(?:{re.escape(spec.decimal)}\\d*)?(?:e[-+]?\\d+)?"
    pattern = f"(?i)^([-+]?)(\\(?){_MONEY} *([-+]?) *({number}) *([%万亿]?) *(?:元|圆|块)?{_MONEY} *(\\)?)([-+]?)$"
    fields = "['before', 'open', 'inside', 'number', 'unit', 'close', 'after']"
    signs = "s.before || s.inside || s.after"
    sane = (
        f"regexp_matches(s.number, '[0-9]') AND (s.open = '') = (s.close = '') AND length({signs} || s.open) < 2"
        " AND (s.unit = '' OR NOT contains(lower(s.number), 'e'))"
    )
    sign = f"CASE WHEN contains({signs}, '-') OR s.open <> '' THEN '-' ELSE '' END"
    digits = f"replace(regexp_replace(s.number, {literal(mark)}, '', 'g'), {literal(spec.decimal)}, '.')"
    power = "CASE s.unit WHEN '%' THEN 'e-2' WHEN '万' THEN 'e4' WHEN '亿' THEN 'e8' ELSE '' END"
    kind = f"DECIMAL({precision}, {scale})"
    cast = f"CASE WHEN {sane} THEN TRY_CAST({sign} || {digits} || {power} AS {kind}) END"
    written = _let("s", f"regexp_extract({_trimmed(raw)}, {literal(pattern)}, {fields})", cast)
    return written if spec.decimal == "," else f"COALESCE(TRY_CAST({raw} AS {kind}), {written})"


def instant_sql(spec: ColumnMapping, *, zone: str, time: ColumnMapping | None = None) -> str:
    """An instant as TIMESTAMP in UTC.

    Reads ISO 8601 (with or without ``T``, fractions, ``Z`` or an offset), 2024年3月5日 14时05分, 2024/3/5, 20240305,
    5 Mar 2024, 下午2:05 and 2:05 PM, Excel serial dates; with ``format`` also day first, month first, Unix seconds,
    milli- and microseconds, or a strptime pattern. Two-digit years are 1969 to 2068 (POSIX).

    Parameters
    ----------
    spec : the column and its format
    zone : IANA name of the company's time zone, in which values without an offset are meant
    time : a column with the time of day, where it stands apart; where it is missing the day begins
    """
    if time is not None:
        return _utc(f"(CAST({_wall_sql(spec)} AS DATE) + COALESCE({_time_sql(time)}, TIME '00:00'))", zone)

    def finish(wall: str, offset: str) -> str:
        local = _utc(f"TRY_CAST({wall} AS TIMESTAMP)", zone)
        exact = f"timezone('UTC', TRY_CAST({wall} || {offset} AS TIMESTAMPTZ))"
        return f"CASE WHEN {offset} = '' THEN {local} ELSE {exact} END"

    return _moment_sql(spec, finish, lambda wall: _utc(wall, zone))


def date_sql(spec: ColumnMapping) -> str:
    """A calendar date as it is written, whatever the time zone; reads what `instant_sql` reads."""
    return f"CAST({_wall_sql(spec)} AS DATE)"


def has_time_sql(instant: str, *, zone: str) -> str:
    """Aggregate over instants (UTC): whether any is not a midnight of the company, so that hours mean something."""
    local = instant if zone == "UTC" else f"timezone({literal(zone)}, timezone('UTC', {instant}))"
    return f"COALESCE(bool_or(CAST({local} AS TIME) <> TIME '00:00'), false)"


def _wall_sql(spec: ColumnMapping) -> str:
    """Date and time of day as a clock on the wall showed them."""
    return _moment_sql(spec, lambda wall, _: f"TRY_CAST({wall} AS TIMESTAMP)", lambda wall: wall)


def _moment_sql(spec: ColumnMapping, finish: Callable[[str, str], str], place: Callable[[str], str]) -> str:
    """A date, perhaps with a time of day.

    ``finish`` makes the result of a text and its offset, ``place`` of a TIMESTAMP as a clock on the wall showed it.
    """
    raw = identifier(spec.column)
    # A bare cast reads "2024-03-05 10:00:00 PM" as ten in the morning and moves times with an offset: hence the shapes.
    plain = f"{raw} LIKE '____-__-__ __:__:__' OR {raw} LIKE '____-__-__'"
    orders = [order for order in (spec.format,) if order in _ORDERS] + list(_UNAMBIGUOUS)
    tries = [_ordered_sql(_ORDERS[order], finish) for order in orders]
    days = "\\d{1,5}" if spec.format == "excel_serial" else "[2-7]\\d{4}"
    serial = "TIMESTAMP '1899-12-30' + to_milliseconds(CAST(round(CAST(t AS DECIMAL(38, 12)) * 86400000) AS BIGINT))"
    tries.append(f"CASE WHEN regexp_full_match(t, '{days}(\\.\\d+)?') THEN {place(serial)} END")
    if spec.format == "unix":
        tries.insert(
            0,
            _let(
                "n", "CASE WHEN regexp_full_match(t, '\\d{9,16}(\\.\\d+)?') THEN CAST(t AS DECIMAL(38, 6)) END", _UNIX
            ),
        )
    elif spec.format and "%" in spec.format:
        pattern = f"try_strptime(t, {literal(spec.format)})"
        tries.insert(0, f"timezone('UTC', {pattern})" if re.search("%[zZ]", spec.format) else place(pattern))
    written = _let("t", _trimmed(raw), f"COALESCE({', '.join(tries)})")
    iso = f"CASE WHEN {plain} THEN {place(f'TRY_CAST({raw} AS TIMESTAMP)')} END"
    return f"COALESCE({iso}, {_digits_sql(raw, _ORDERS[orders[0]], place)}, {written})"


def _digits_sql(raw: str, order: _Order, place: Callable[[str], str]) -> str:
    """A date of digits with a four-digit year, perhaps hours and minutes: a third of the work of `_ordered_sql`."""
    parts = [_LONG_YEAR if part == _YEAR else part for part in order.parts]
    pattern = literal("^" + "[-/.]".join(parts) + "(?: (\\d{1,2}:\\d\\d(?::\\d\\d)?))?$")
    wall = "s.y || '-' || s.m || '-' || s.d || ' ' || CASE s.clock WHEN '' THEN '00:00' ELSE s.clock END"
    result = f"CASE WHEN s.y <> '' THEN {place(f'TRY_CAST({wall} AS TIMESTAMP)')} END"
    return _let("s", f"regexp_extract({raw}, {pattern}, [{order.names}, 'clock'])", result)


def _ordered_sql(order: _Order, finish: Callable[[str, str], str]) -> str:
    year = "CASE WHEN length(s.y) = 4 THEN s.y WHEN s.y >= '69' THEN '19' || s.y ELSE '20' || s.y END"
    months = "'janfebmaraprmayjunjulaugsepoctnovdec'"
    month = f"CASE WHEN s.m <= '99' THEN s.m ELSE CAST((instr({months}, lower(left(s.m, 3))) + 2) // 3 AS VARCHAR) END"
    with_colon = "regexp_replace(s.zone, '^(...)(..)$', '\\1:\\2')"
    offset = f"CASE WHEN upper(s.zone) IN ('Z', 'UTC', 'GMT') THEN '+00' ELSE {with_colon} END"
    wall = f"{year} || '-' || {month} || '-' || s.d || ' ' || {_CLOCK_TEXT}"
    result = _let("w", f"{{'wall': {wall}, 'zone': {offset}}}", finish("w.wall", "w.zone"))
    pattern = literal(f"(?i)^{order.prefix}{order.separator.join(order.parts)}{order.tail}$")
    found = f"regexp_extract(t, {pattern}, [{order.names}, {_CLOCK_FIELDS}, 'zone'])"
    return _let("s", found, f"CASE WHEN s.y <> '' THEN {result} END")


def _time_sql(spec: ColumnMapping) -> str:
    """A time of day: 14:05, 14:05:30.5, 下午2:05, 140530, or the fraction of a day that a spreadsheet keeps."""
    part = "TIME '00:00' + to_milliseconds(CAST(round(CAST(t AS DECIMAL(38, 12)) * 86400000) AS BIGINT))"
    fraction = f"CASE WHEN regexp_full_match(t, '0?\\.\\d+') THEN {part} END"
    compact = "regexp_replace(t, '^(\\d{1,2})(\\d\\d)(\\d\\d)$', '\\1:\\2:\\3')"
    found = f"regexp_extract({compact}, {literal(f'(?i)^{_CLOCK}$')}, [{_CLOCK_FIELDS}])"
    clock = _let("s", found, f"CASE WHEN s.hour <> '' THEN TRY_CAST({_CLOCK_TEXT} AS TIME) END")
    return _let("t", _trimmed(identifier(spec.column)), f"COALESCE({fraction}, {clock})")


def _utc(wall: str, zone: str) -> str:
    """The instant at which clocks in ``zone`` showed ``wall``."""
    return wall if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {wall}))"


def _plain(text: str) -> str:
    """``text`` with full-width forms, odd spaces and minus signs made plain; text of plain bytes is left alone."""
    plain = f"translate({text}, {literal(_WIDE)}, {literal(_HALF)})"
    return f"CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE {plain} END"


def _trimmed(text: str) -> str:
    return f"trim({_plain(text)}, {literal(_BLANKS)})"


def _is_marker(text: str) -> str:
    """Whether ``text``, already trimmed, is one of `MISSING`; the length is asked first because it costs nothing."""
    longest = max(len(marker.encode()) for marker in MISSING)
    return f"strlen({text}) <= {longest} AND upper({text}) IN ({', '.join(map(literal, MISSING))})"


def _let(name: str, value: str, result: str) -> str:
    """``result``, in which ``name`` stands for ``value``."""
    return f"list_transform([{value}], lambda {name}: {result})[1]"


_QUOTE = "'"
_INERT = r"^'+\s*[=+\-@＝＋－＠]"
_MONEY = "(?:(?:CN|HK|US|NT|[AC])?[$¥]|[€£₩₹₽]|RMB|CNY|USD|EUR|GBP|HKD|JPY|TWD|AUD|CAD|人民币)?"
_UNIX = (
    "make_timestamp(CAST(n * CASE WHEN n >= 100000000000000 THEN 1 WHEN n >= 100000000000 THEN 1000 ELSE 1000000 END"
    " AS BIGINT))"
)
_NAMED_MONTH = "((?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?)"
_WEEKDAY = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
_SEPARATOR = " ?[-/.,年月 ] ?"
_HALF_DAY = "(上午|下午|am|pm|a\\.m\\.|p\\.m\\.)?"
_SECOND = "(?:[:分] ?(?:(\\d{1,2}(?:[.,]\\d{1,9})?)秒?)?)?"
_CLOCK = f"{_HALF_DAY} ?(\\d{{1,2}})[:时時点點] ?(?:(\\d{{1,2}}){_SECOND})? ?{_HALF_DAY}"
_CLOCK_FIELDS = "'before', 'hour', 'minute', 'second', 'after'"
_IS_AFTERNOON = "lower(s.before || s.after) IN ('下午', 'pm', 'p.m.')"
_HOUR = (
    "CASE WHEN s.hour = '' THEN '0'"
    f" WHEN CAST(s.hour AS INT) < 12 AND {_IS_AFTERNOON} THEN CAST(CAST(s.hour AS INT) + 12 AS VARCHAR)"
    f" WHEN s.hour = '12' AND s.before || s.after <> '' AND NOT {_IS_AFTERNOON} THEN '0' ELSE s.hour END"
)
_CLOCK_TEXT = (
    f"{_HOUR} || ':' || COALESCE(NULLIF(s.minute, ''), '0') || ':'"
    " || replace(COALESCE(NULLIF(s.second, ''), '0'), ',', '.')"
)
_OFFSET = "(Z|UTC|GMT|[-+]\\d\\d(?::?\\d\\d)?)?"
_AFTER_DATE = f"日?(?: ?(?:星期|周).)?(?:[T ,]{{0,2}}{_CLOCK} ?{_OFFSET})?"
_DAY, _YEAR, _LONG_YEAR = "(\\d{1,2})", "(\\d{4}|\\d\\d)", "(\\d{4})"


@dataclass(frozen=True)
class _Order:
    """An order of a date's parts."""

    letters: str
    parts: tuple[str, str, str]
    separator: str = _SEPARATOR
    prefix: str = ""
    tail: str = _AFTER_DATE

    @property
    def names(self) -> str:
        return ", ".join(f"'{letter}'" for letter in self.letters)


_ORDERS = {
    "year_first": _Order("ymd", (_YEAR, _DAY, _DAY)),
    "long_year_first": _Order("ymd", (_LONG_YEAR, _DAY, _DAY)),
    "day_first": _Order("dmy", (_DAY, _DAY, _YEAR)),
    "month_first": _Order("mdy", (_DAY, _DAY, _YEAR)),
    "day_and_named_month": _Order("dmy", (_DAY, _NAMED_MONTH, _YEAR), prefix=_WEEKDAY),
    "named_month_and_day": _Order("mdy", (_NAMED_MONTH, _DAY, _YEAR), prefix=_WEEKDAY),
    "compact": _Order(
        "ymd", (_LONG_YEAR, "(\\d\\d)", "(\\d\\d)"), "", tail=f"(?:[T ]?()(\\d\\d)(\\d\\d)(\\d\\d)?(){_OFFSET})?"
    ),
}
_UNAMBIGUOUS = ("long_year_first", "compact", "day_and_named_month", "named_month_and_day")
