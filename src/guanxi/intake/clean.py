"""What a line of an order is: the rules that set a record aside, and those that tell sales from all the rest.

Every rule has a name, is written here once as SQL, and changes nothing: a record is either set aside whole, with the
column, the value and the reason (`PROBLEMS`), or kept with what it is said to be (`line_kind`, `item_kind`). The same
file and mapping give the same result, so a load can be replayed.

===============  =====================================================================================================
``line_kind``
===============  =====================================================================================================
``sale``         something was sold for money
``discount``     takes from the amount of its order
``return``       money back: a negative amount, or a line of a cancellation or credit note
``free``         no money: gifts, stock corrections, a price of zero
``cancelled``    of an order that its status says never came about
===============  =====================================================================================================
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb

from guanxi.intake.columns import columns_sql, raw_name
from guanxi.intake.items import item_kind_sql
from guanxi.intake.mapping import ColumnMapping, FileMapping
from guanxi.intake.parse import decimal_sql, id_sql, literal, missing_sql, unreadable_sql
from guanxi.words import currency_digits

__all__ = ["CONTENT", "LINE_KINDS", "PROBLEMS", "file_sql", "problem_column", "repeats_path"]

CONTENT = "order_id, customer_id, product_id, description, ordered_at, quantity, unit_price, amount"
"""What makes two lines of one source the same line."""

LINE_KINDS = ("sale", "discount", "return", "free", "cancelled")

_TOTAL = r"(?i)(grand |sub)?-?totals?:?|sums?:?|合计[:：]?|总计[:：]?|小计[:：]?|总和[:：]?|合\s+计"

_NEVER_CAME_ABOUT = (
    r"(?i)(order )?(cancell?ed|void(ed)?|failed|declined|expired|abandoned|unpaid|pending payment|on[- ]hold|refunded"
    r"|trade_closed|closed)|交易关闭|已取消|已关闭|订单取消|取消|待付款|等待买家付款|未付款|退款成功|已退款|作废|支付失败"
)
_PLACEHOLDERS = ("1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02", "1970-01-01", "0001-01-01")

PROBLEMS = (
    "total_row",
    "header_again",
    "empty_record",
    "time_missing",
    "time_unreadable",
    "time_placeholder",
    "time_in_future",
    "quantity_unreadable",
    "price_unreadable",
    "amount_unreadable",
    "amount_missing",
    "amount_too_large",
    "other_currency",
)
"""Why a record is set aside, in the order in which rules are asked; ``clean.NAME`` of `guanxi.words` explains it."""

_COLUMN_OF = {
    "time_missing": "ordered_at",
    "time_unreadable": "ordered_at",
    "time_placeholder": "ordered_at",
    "time_in_future": "ordered_at",
    "quantity_unreadable": "quantity",
    "price_unreadable": "unit_price",
    "amount_unreadable": "amount",
    "amount_missing": "amount",
    "amount_too_large": "amount",
    "other_currency": "currency",
}


def file_sql(
    connection: duckdb.DuckDBPyConnection,
    staged: str,
    mapping: FileMapping,
    *,
    timezone: str,
    currency: str,
    received_on: dt.date,
) -> str:
    """A query over a staged order file: what each record says, what kind of line it is, and what is wrong with it.

    Its columns are ``source_row``, one per role that order lines, customers and products keep, ``ordered_at`` (UTC),
    ``ordered_on`` and ``ordered_hour`` (as clocks of the company show them), ``amount`` and ``cost`` (minor units),
    ``item_kind``, ``line_kind`` and ``problem`` (one of `PROBLEMS`, null where the record is usable).

    Parameters
    ----------
    connection : a private DuckDB database, in which the query will run; it holds temporary tables that the query uses
    staged : path of the staged Parquet file
    mapping : which column means what
    timezone, currency : of the company
    received_on : the day of the delivery; nothing can have been bought after the day that follows it

    Notes
    -----
    O(records): columns are looked at for how the file writes discounts and numbers cancellations, and for values that
    repeat (`guanxi.intake.columns`).
    """
    roles = mapping.columns
    digits = currency_digits(currency)
    quantity = "quantity" if "quantity" in roles else "CAST(1 AS DECIMAL(18, 4))"
    discount = "0"
    if "discount" in roles:
        # Three numbers of a nasty file may be too large together; the amount is then null, as if it were missing.
        share = f"TRY(CAST({quantity} AS DECIMAL(38, 4)) * unit_price * COALESCE(discount, 0))"
        is_share = _discount_is_share(connection, staged, mapping)
        discount = f"CAST({share} AS DECIMAL(38, 10))" if is_share else "COALESCE(discount, 0)"
    product = f"(CAST({quantity} AS DECIMAL(38, 4)) * unit_price - {discount})"
    exact = f"COALESCE(CAST(given_amount AS DECIMAL(38, 10)), CAST({product} AS DECIMAL(38, 10)))"
    costs = {
        "cost": "given_cost",
        "unit_cost": f"CAST({quantity} AS DECIMAL(38, 4)) * unit_cost",
        "profit": f"{exact} - profit",
    }
    cost = next((sql for role, sql in costs.items() if role in roles), "CAST(NULL AS DECIMAL(38, 10))")
    wall = "ordered_at" if timezone == "UTC" else f"timezone({literal(timezone)}, timezone('UTC', ordered_at))"
    note = _cancel_notes(connection, staged, mapping)
    raw = ", ".join(raw_name(role) for role in roles)
    return f"""
    SELECT * EXCLUDE ({raw}, wall_at, exact_amount, currency), {_line_kind_sql(cancel_notes=note)} AS line_kind,
        {_problem_sql(mapping, currency=currency, received_on=received_on)} AS problem
    FROM (
        SELECT * EXCLUDE (given_amount, given_cost, unit_cost, profit, discount, special_id, special_text),
            CAST(wall_at AS DATE) AS ordered_on, CAST(date_part('hour', wall_at) AS BIGINT) AS ordered_hour,
            {exact} AS exact_amount, {_minor(exact, digits)} AS amount, {_minor(cost, digits)} AS cost,
            {item_kind_sql("special_id", "special_text")} AS item_kind
        FROM (
            SELECT * REPLACE (upper(COALESCE(currency, {literal(currency)})) AS currency, {quantity} AS quantity)
                RENAME (amount AS given_amount, cost AS given_cost), {wall} AS wall_at
            FROM ({columns_sql(connection, staged, mapping, timezone=timezone)})
        )
    )"""


def _discount_is_share(connection: duckdb.DuckDBPyConnection, staged: str, mapping: FileMapping) -> bool:
    """Whether the discount column holds shares of the price, not amounts."""
    largest = f"max({decimal_sql(mapping.columns['discount'], precision=18, scale=6)})"
    [(found,)] = connection.execute(f"SELECT {largest} <= 1 FROM read_parquet({literal(staged)})").fetchall()
    return bool(found)


def _cancel_notes(connection: duckdb.DuckDBPyConnection, staged: str, mapping: FileMapping) -> bool:
    """Whether order numbers that begin with C are cancellations in this file: orders are 536365, they are C536379.

    A hundred thousand numbers tell, taken evenly from the file.
    """
    if "order_id" not in mapping.columns:
        return False
    source = f"read_parquet({literal(staged)}, file_row_number = true)"
    digits = f"CAST(regexp_full_match({id_sql(mapping.columns['order_id'])}, '\\d+') AS INTEGER)"
    every = f"(SELECT 1 + count(*) // 100000 FROM {source})"
    [(share,)] = connection.execute(
        f"SELECT avg({digits}) FROM {source} WHERE file_row_number % {every} = 0"
    ).fetchall()
    return share is not None and share > 0.5


def _problem_sql(mapping: FileMapping, *, currency: str, received_on: dt.date) -> str:
    """The name of the first rule of `PROBLEMS` that a parsed record breaks."""
    roles = mapping.columns
    raw = {role: raw_name(role) for role in roles}
    # What could be read is not missing: asked first, because it costs nothing and holds for nearly every record.
    no_time = f"(ordered_at IS NULL AND {_missing(roles, 'ordered_at')})"
    rules = {
        "total_row": f"{no_time} AND ("
        + " OR ".join(f"regexp_full_match(trim({name}), {literal(_TOTAL)})" for name in raw.values())
        + ")",
        "header_again": " AND ".join(f"{raw[role]} = {literal(spec.column)}" for role, spec in roles.items()),
        "empty_record": " AND ".join([no_time, *(_missing(roles, role) for role in roles)]),
        "time_missing": no_time,
        "time_unreadable": "ordered_at IS NULL",
        "time_placeholder": f"CAST(wall_at AS DATE) IN ({', '.join(f'DATE {literal(d)}' for d in _PLACEHOLDERS)})",
        "time_in_future": f"CAST(wall_at AS DATE) > DATE {literal((received_on + dt.timedelta(days=1)).isoformat())}",
        "amount_missing": "exact_amount IS NULL",
        "amount_too_large": "amount IS NULL",
        "other_currency": f"currency <> {literal(currency)}",
    }
    if "quantity" in roles:
        rules["quantity_unreadable"] = _unreadable(roles, "quantity", "quantity")
    if "unit_price" in roles and "amount" not in roles:
        rules["price_unreadable"] = _unreadable(roles, "unit_price", "unit_price")
    if "amount" in roles:
        rules["amount_unreadable"] = f"exact_amount IS NULL AND NOT {_missing(roles, 'amount')}"
    asked = [name for name in PROBLEMS if name in rules]
    return "CASE " + " ".join(f"WHEN {rules[name]} THEN {literal(name)}" for name in asked) + " END"


def repeats_path(parsed: Path) -> Path:
    """Where the records that repeat an earlier one are kept beside a file of parsed records, once they are found.

    Parquet, one row a usable record that repeats one: ``source_row``, and as ``repeats_row`` the first one alike.
    """
    return parsed.with_suffix(".repeats")


def problem_column(problem: str, mapping: FileMapping) -> str | None:
    """The file's column that a problem is about, if it is about one."""
    role = _COLUMN_OF.get(problem, "")
    if role == "amount" and "amount" not in mapping.columns:
        role = "unit_price"
    return mapping.columns[role].column if role in mapping.columns else None


def _line_kind_sql(*, cancel_notes: bool) -> str:
    """What kind of line a parsed record is, given its ``item_kind``."""
    note = "regexp_full_match(order_id, '[Cc]-?\\d+')" if cancel_notes else "FALSE"
    return (
        f"CASE WHEN status IS NOT NULL AND regexp_full_match(status, {literal(_NEVER_CAME_ABOUT)}) THEN 'cancelled' "
        "WHEN exact_amount = 0 THEN 'free' "
        f"WHEN {note} THEN 'return' "
        "WHEN exact_amount < 0 AND item_kind = 'discount' THEN 'discount' "
        "WHEN exact_amount < 0 THEN 'return' ELSE 'sale' END"
    )


def _minor(exact: str, digits: int) -> str:
    """Rounded half to even to minor units; null where it does not fit."""
    return f"TRY_CAST(round_even({exact}, {digits}) * {10**digits} AS BIGINT)"


def _missing(roles: Mapping[str, ColumnMapping], role: str) -> str:
    return missing_sql(roles[role].model_copy(update={"column": f"raw {role}"}))


def _unreadable(roles: Mapping[str, ColumnMapping], role: str, parsed: str) -> str:
    return unreadable_sql(roles[role].model_copy(update={"column": f"raw {role}"}), parsed)
