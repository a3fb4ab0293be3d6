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

===============  =====================================================================================================
``item_kind``
===============  =====================================================================================================
``product``      goods or services that the company sells
``postage``      postage, carriage, delivery
``fee``          bank charges, marketplace and handling fees
``discount``     a line that is itself a discount
``adjustment``   corrections of the books
``manual``       keyed in by hand without a product
``voucher``      gift vouchers and cards
``sample``       samples
``test``         entries made to try the system; used nowhere
===============  =====================================================================================================
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from guanxi.intake.mapping import ColumnMapping, FileMapping
from guanxi.intake.parse import (
    decimal_sql,
    id_sql,
    identifier,
    instant_sql,
    literal,
    missing_sql,
    text_sql,
    unreadable_sql,
)
from guanxi.words import currency_digits

__all__ = ["CONTENT", "ITEM_KINDS", "LINE_KINDS", "PROBLEMS", "file_sql", "parsed_sql", "problem_column"]

CONTENT = "order_id, customer_id, product_id, description, ordered_at, quantity, unit_price, amount"
"""What makes two lines of one source the same line."""

LINE_KINDS = ("sale", "discount", "return", "free", "cancelled")

_TOTAL = r"(?i)(grand |sub)?-?totals?:?|sums?:?|合计[:：]?|总计[:：]?|小计[:：]?|总和[:：]?|合\s+计"

_ITEMS: Mapping[str, tuple[str, str]] = MappingProxyType({
    # kind: (pattern of the whole product id, pattern of the whole description), without regard to case
    "test": (r"test[-_ ]?\d*", r"(this is a )?test( product| item| order)?\.?|测试(商品|订单|产品)?|.*仅供测试.*"),
    "postage": (
        r"post|dot|c2|c3|ship(ping)?|freight|postage|delivery",
        r"(dotcom |next day |express |standard )?(postage|carriage|shipping|delivery|freight)"
        r"( (and|&) (packing|handling))?( ?(fee|cost|charge)s?)?|运费(补差)?|邮费(补差)?|快递费|配送费|物流费",
    ),
    "fee": (
        r"bank charges|(amazon|ebay|paypal)[ _-]?fees?|fees?|cruk",
        r"bank charges?|(amazon|ebay|paypal|handling|service|processing|payment|cruk)[ _-]?(fee|charge|commission)s?"
        r"|手续费|服务费|佣金|包装费",
    ),
    "discount": (r"d|discount", r"(voucher |member )?discounts?|优惠|折扣|满减|立减|优惠券(抵扣)?|抵扣"),
    "adjustment": (
        r"adjust(ment)?\d*|b",
        r"adjust(ment)?\b.*|(adjust )?bad debts?|write[- ]?off|rounding|调整|补差价?|差价|抹零|坏账",
    ),
    "manual": (r"m|manual", r"manual( entry)?|手工(录入|单)?"),
    "sample": (r"s|samples?", r"(free )?samples?|样品|小样|赠品"),
    "voucher": (r"gift_\d+_\d+|gift[-_ ]?(card|voucher)s?", r".*\bgift (voucher|card)\b.*|礼品卡|购物卡|储值卡|代金券"),
})  # fmt: skip
ITEM_KINDS = ("product", *_ITEMS)

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
    """`parsed_sql` with what the file itself tells: how it writes discounts, and how it numbers cancellations.

    O(records) for each of the two columns, where the file has them.
    """
    roles = mapping.columns

    def holds(aggregate: str) -> bool:
        row = connection.execute(f"SELECT {aggregate} FROM read_parquet({literal(staged)})").fetchone()
        return bool(row and row[0])

    share = cancel_notes = False
    if "discount" in roles:
        share = holds(f"max({decimal_sql(roles['discount'], precision=18, scale=6)}) <= 1")
    if "order_id" in roles:
        # A shop that numbers its orders 536365 and its cancellations C536379.
        cancel_notes = holds(f"avg(CAST(regexp_full_match({id_sql(roles['order_id'])}, '\\d+') AS INTEGER)) > 0.5")
    return parsed_sql(
        staged,
        mapping,
        timezone=timezone,
        currency=currency,
        currency_digits=currency_digits(currency),
        discount_is_share=share,
        cancel_notes=cancel_notes,
        received_on=received_on,
    )


def parsed_sql(
    staged: str,
    mapping: FileMapping,
    *,
    timezone: str,
    currency: str,
    currency_digits: int,
    discount_is_share: bool,
    cancel_notes: bool,
    received_on: dt.date,
) -> str:
    """A query over a staged order file: what each record says, what kind of line it is, and what is wrong with it.

    Its columns are ``source_row``, one per role that order lines, customers and products keep, ``wall_at`` (local time
    as written), ``exact_amount`` (before it is rounded to minor units), ``item_kind``, ``line_kind`` and ``problem``
    (one of `PROBLEMS`, null where the record is usable).

    Parameters
    ----------
    staged : path of the staged Parquet file
    mapping : which column means what
    timezone, currency, currency_digits : of the company
    discount_is_share : the discount column holds shares of the price, not amounts
    cancel_notes : order numbers that begin with C are cancellations in this file
    received_on : the day of the delivery; nothing can have been bought after the day that follows it
    """
    roles = mapping.columns

    def text(role: str) -> str:
        return text_sql(roles[role]) if role in roles else "CAST(NULL AS VARCHAR)"

    def key(role: str) -> str:
        return id_sql(roles[role]) if role in roles else "CAST(NULL AS VARCHAR)"

    def number(role: str, precision: int, scale: int) -> str:
        kind = f"DECIMAL({precision}, {scale})"
        return decimal_sql(roles[role], precision=precision, scale=scale) if role in roles else f"CAST(NULL AS {kind})"

    instant = instant_sql(roles["ordered_at"], zone=timezone, time=roles.get("ordered_time"))
    wall = "instant_at" if timezone == "UTC" else f"timezone({literal(timezone)}, timezone('UTC', instant_at))"
    quantity = "quantity" if "quantity" in roles else "CAST(1 AS DECIMAL(18, 4))"
    discount = "0"
    if "discount" in roles:
        # Three numbers of a nasty file may be too large together; the amount is then null, as if it were missing.
        share = f"TRY(CAST({quantity} AS DECIMAL(38, 4)) * unit_price * COALESCE(discount, 0))"
        discount = f"CAST({share} AS DECIMAL(38, 10))" if discount_is_share else "COALESCE(discount, 0)"
    product = f"(CAST({quantity} AS DECIMAL(38, 4)) * unit_price - {discount})"
    exact = f"COALESCE(CAST(given_amount AS DECIMAL(38, 10)), CAST({product} AS DECIMAL(38, 10)))"
    costs = {
        "cost": "line_cost",
        "unit_cost": f"CAST({quantity} AS DECIMAL(38, 4)) * unit_cost",
        "profit": f"{exact} - profit",
    }
    cost = next((sql for role, sql in costs.items() if role in roles), "CAST(NULL AS DECIMAL(38, 10))")
    own_currency = f"COALESCE({key('currency')}, {literal(currency)})"
    raw = ", ".join(_staged_name(role) for role in roles)
    problem = _problem_sql(mapping, currency=currency, received_on=received_on)
    return f"""
    SELECT * EXCLUDE ({raw}), {problem} AS problem, {_line_kind_sql(cancel_notes=cancel_notes)} AS line_kind
    FROM (
    SELECT * EXCLUDE (given_amount, line_cost, unit_cost, profit, discount),
        CAST(wall_at AS DATE) AS ordered_on, CAST(date_part('hour', wall_at) AS BIGINT) AS ordered_hour,
        {exact} AS exact_amount, {_minor(exact, currency_digits)} AS amount, {_minor(cost, currency_digits)} AS cost,
        {_item_kind_sql()} AS item_kind
    FROM (
        SELECT *, {wall} AS wall_at FROM (
            SELECT file_row_number + 1 AS source_row, {key("customer_id")} AS customer_id,
                {key("order_id")} AS order_id, TRY_CAST({key("line_no")} AS BIGINT) AS line_no,
                {key("product_id")} AS product_id, {text("description")} AS description, {text("category")} AS category,
                {instant} AS instant_at, {number("unit_price", 18, 6)} AS unit_price,
                {number("quantity", 18, 4) if "quantity" in roles else "CAST(1 AS DECIMAL(18, 4))"} AS quantity,
                {number("amount", 18, 6)} AS given_amount, {number("discount", 18, 6)} AS discount,
                {number("cost", 18, 6)} AS line_cost, {number("unit_cost", 18, 6)} AS unit_cost,
                {number("profit", 18, 6)} AS profit, upper({own_currency}) AS currency, {text("country")} AS country,
                {text("channel")} AS channel, {text("status")} AS status, {text("customer_name")} AS customer_name,
                {key("phone")} AS phone, {key("email")} AS email, {_raw(mapping)}
            FROM read_parquet({literal(staged)}, file_row_number = true)
        )
    )
    )"""


def _problem_sql(mapping: FileMapping, *, currency: str, received_on: dt.date) -> str:
    """The name of the first rule of `PROBLEMS` that a parsed record breaks."""
    roles = mapping.columns
    raw = {role: _staged_name(role) for role in roles}
    # What could be read is not missing: asked first, because it costs nothing and holds for nearly every record.
    no_time = f"(instant_at IS NULL AND {_missing(roles, 'ordered_at')})"
    rules = {
        "total_row": f"{no_time} AND ("
        + " OR ".join(f"regexp_full_match(trim({name}), {literal(_TOTAL)})" for name in raw.values())
        + ")",
        "header_again": " AND ".join(f"{raw[role]} = {literal(spec.column)}" for role, spec in roles.items()),
        "empty_record": " AND ".join([no_time, *(_missing(roles, role) for role in roles)]),
        "time_missing": no_time,
        "time_unreadable": "instant_at IS NULL",
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


def problem_column(problem: str, mapping: FileMapping) -> str | None:
    """The file's column that a problem is about, if it is about one."""
    role = _COLUMN_OF.get(problem, "")
    if role == "amount" and "amount" not in mapping.columns:
        role = "unit_price"
    return mapping.columns[role].column if role in mapping.columns else None


def _item_kind_sql() -> str:
    """What kind of item ``product_id`` and ``description`` speak of."""

    def is_one(by_id: str, by_text: str) -> str:
        either = (f"regexp_full_match({name}, {literal('(?i)' + pattern)})"
                  for name, pattern in (("product_id", by_id), ("description", by_text)))  # fmt: skip
        return "(" + " OR ".join(f"COALESCE({each}, FALSE)" for each in either) + ")"

    # Nearly every line is a product: one pattern of all says so before each is tried.
    any_of = is_one(
        *("|".join(f"({pattern})" for pattern in patterns) for patterns in zip(*_ITEMS.values(), strict=True))
    )
    cases = " ".join(f"WHEN {is_one(*patterns)} THEN {literal(kind)}" for kind, patterns in _ITEMS.items())
    return f"CASE WHEN NOT {any_of} THEN 'product' {cases} END"


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


def _staged_name(role: str) -> str:
    return identifier(f"raw {role}")


def _raw(mapping: FileMapping) -> str:
    return ", ".join(f"{identifier(spec.column)} AS {_staged_name(role)}" for role, spec in mapping.columns.items())


def _missing(roles: Mapping[str, ColumnMapping], role: str) -> str:
    return missing_sql(roles[role].model_copy(update={"column": f"raw {role}"}))


def _unreadable(roles: Mapping[str, ColumnMapping], role: str, parsed: str) -> str:
    return unreadable_sql(roles[role].model_copy(update={"column": f"raw {role}"}), parsed)
