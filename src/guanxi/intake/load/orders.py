"""Loading an order file: order lines, the orders they make up, and the customers and products that appear in them."""

from __future__ import annotations

from pathlib import Path

from guanxi.intake import clean
from guanxi.intake.load.master import add_missing, country_sql
from guanxi.intake.load.rejects import write_rejects
from guanxi.intake.load.work import Work, parquet
from guanxi.intake.parse import literal
from guanxi.schema import TABLES

__all__ = ["load_orders"]


def load_orders(work: Work) -> tuple[int, int, int]:
    """Load an order file; returns how many records were loaded, set aside, and known already."""
    parsed = work.write(_parsed_sql(work), work.scratch("parsed"))
    set_aside = write_rejects(
        work,
        f"SELECT source_row, problem FROM {parquet([parsed])} WHERE problem IS NOT NULL",
        lambda problem: clean.problem_column(problem, work.mapping),
    )
    _match_returns(work, parsed)
    lines = work.write(_lines_sql(work, parsed), work.scratch("lines"))
    lines, known = _without_known(work, lines)
    _add_people_and_products(work, parsed)
    orders = work.write(_orders_sql(lines), work.scratch("orders"))
    loaded = work.publication.adopt("order_lines", lines)
    _add_orders(work, orders)
    return loaded, set_aside, known


def _parsed_sql(work: Work) -> str:
    return clean.file_sql(
        work.connection,
        str(work.staged.path),
        work.mapping,
        timezone=work.settings.timezone,
        currency=work.settings.currency,
        received_on=work.received_on,
    )


def _match_returns(work: Work, parsed: Path) -> None:
    """Find what each return takes back: the customer's latest earlier sale of the product at the price.

    A sale of the same quantity is preferred; else one of more pieces. Sales of earlier deliveries count as well. Made
    as the table ``matched``.
    """
    columns = "order_id, customer_id, product_id, unit_price, {at} AS instant_at, quantity"
    before = work.publication.files("order_lines")
    earlier = (
        f"""UNION ALL SELECT {columns.format(at="ordered_at")}
            FROM {parquet(before)} SEMI JOIN back USING (customer_id, product_id)
            WHERE line_kind = 'sale' AND source = {literal(work.delivery.source)}"""
        if before
        else ""
    )
    same = """back.customer_id = sold.customer_id AND back.product_id = sold.product_id
                AND back.unit_price IS NOT DISTINCT FROM sold.unit_price AND back.instant_at >= sold.instant_at"""
    work.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE matched AS
        WITH back AS MATERIALIZED (
            SELECT source_row, customer_id, product_id, unit_price, instant_at, -quantity AS quantity
            FROM {parquet([parsed])}
            WHERE problem IS NULL AND line_kind = 'return' AND customer_id IS NOT NULL AND product_id IS NOT NULL
        ),
        sold AS MATERIALIZED (
            SELECT {columns.format(at="instant_at")}
            FROM {parquet([parsed])} SEMI JOIN back USING (customer_id, product_id)
            WHERE problem IS NULL AND line_kind = 'sale' AND order_id IS NOT NULL
            {earlier}
        ),
        alike AS MATERIALIZED (
            SELECT back.source_row, sold.order_id AS cancels_order_id
            FROM back ASOF JOIN sold ON {same} AND back.quantity = sold.quantity
        ),
        larger AS (
            SELECT back.source_row, arg_max(sold.order_id, (sold.instant_at, sold.order_id)) AS cancels_order_id
            FROM (SELECT * FROM back ANTI JOIN alike USING (source_row)) AS back
            JOIN sold ON {same} AND sold.quantity > back.quantity
            GROUP BY back.source_row
        )
        FROM alike UNION ALL FROM larger"""
    )


def _lines_sql(work: Work, parsed: Path) -> str:
    usable = f"{parquet([parsed])} WHERE problem IS NULL"
    has_clock = work.one(f"SELECT bool_or(CAST(wall_at AS TIME) <> TIME '00:00') FROM {parquet([parsed])}")
    number = "row_number() OVER (PARTITION BY order_id ORDER BY source_row)"
    if _numbered(work, parsed):
        number = "line_no"
    return f"""
    SELECT {literal(work.delivery.source)} AS source, order_id, {number} AS line_no,
        customer_id, product_id, description, category, ordered_at, ordered_on,
        {"ordered_hour" if has_clock else "CAST(NULL AS BIGINT) AS ordered_hour"}, quantity, unit_price, amount, cost,
        currency, {_country_sql(work)} AS country, channel, line_kind, item_kind, cancels_order_id,
        row_number() OVER (PARTITION BY order_id, hash({clean.CONTENT}) ORDER BY source_row) > 1 AS is_repeat,
        CAST({work.delivery.id} AS BIGINT) AS delivery_id, source_row
    FROM (
        SELECT * REPLACE ({_order_sql(work, parsed)} AS order_id), instant_at AS ordered_at FROM {usable}
    ) LEFT JOIN matched USING (source_row)"""


def _numbered(work: Work, parsed: Path) -> bool:
    """Whether the file numbers its lines so that order and number tell all of them apart."""
    return "line_no" in work.mapping.columns and bool(
        work.one(
            f"""SELECT bool_and(records = 1 AND order_id IS NOT NULL AND line_no IS NOT NULL) FROM (
                SELECT order_id, line_no, count(*) AS records FROM {parquet([parsed])} WHERE problem IS NULL
                GROUP BY order_id, line_no
            )"""
        )
    )


def _order_sql(work: Work, parsed: Path) -> str:
    """The order's number; without one, what a customer bought on a day is one order, and a record of nobody is one.

    Such a record is known by its content, and by its place among those alike, so that a later delivery finds it again.
    """
    order = "order_id, customer_id || ' @ ' || CAST(ordered_on AS VARCHAR)"
    nobody = "order_id IS NULL AND customer_id IS NULL"
    if work.one(f"SELECT bool_or({nobody}) FROM {parquet([parsed])} WHERE problem IS NULL"):
        said = "concat_ws(chr(31), product_id, description, instant_at, quantity, unit_price, amount)"
        content = f"CASE WHEN {nobody} THEN left(md5({said}), 16) END"
        order += f", 'record ' || {content} || '-' || row_number() OVER (PARTITION BY {content} ORDER BY source_row)"
    return f"COALESCE({order})"


def _country_sql(work: Work) -> str:
    return country_sql(work, "country") if "country" in work.mapping.columns else "country"


def _without_known(work: Work, lines: Path) -> tuple[Path, int]:
    """Leave out the lines that earlier deliveries of this source brought.

    Of several lines that are alike, as many are known as were there already. New lines of a known order are numbered
    on from its last one.
    """
    before = work.publication.files("order_lines")
    if not before:
        return lines, 0
    new = parquet([lines])
    old = f"(SELECT * FROM {parquet(before)} WHERE source = {literal(work.delivery.source)})"
    work.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE known_orders AS
        SELECT order_id, max(line_no) AS last_line_no FROM {old} SEMI JOIN {new} AS fresh USING (order_id)
        GROUP BY order_id"""
    )
    work.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE known_lines AS
        SELECT source_row FROM (
            SELECT source_row, hash({clean.CONTENT}) AS content,
                row_number() OVER (PARTITION BY hash({clean.CONTENT}) ORDER BY source_row) AS occurrence
            FROM {new} SEMI JOIN known_orders USING (order_id)
        ) JOIN (
            SELECT hash({clean.CONTENT}) AS content, count(*) AS occurrences
            FROM {old} SEMI JOIN known_orders USING (order_id) GROUP BY content
        ) USING (content)
        WHERE occurrence <= occurrences"""
    )
    known = int(str(work.one("SELECT count(*) FROM known_lines")))
    if work.one("SELECT count(*) FROM known_orders") == 0:
        return lines, 0
    number = "last_line_no + row_number() OVER (PARTITION BY order_id ORDER BY source_row)"
    fresh = work.write(
        f"""SELECT * EXCLUDE (last_line_no)
            REPLACE (CASE WHEN last_line_no IS NULL THEN line_no ELSE {number} END AS line_no)
        FROM {new} ANTI JOIN known_lines USING (source_row) LEFT JOIN known_orders USING (order_id)""",
        work.scratch("fresh"),
    )
    lines.unlink()
    return fresh, known


def _add_people_and_products(work: Work, parsed: Path) -> None:
    usable = f"(SELECT * FROM {parquet([parsed])} WHERE problem IS NULL)"
    origin = f"CAST({work.delivery.id} AS BIGINT) AS delivery_id, min(source_row) AS source_row"
    # What stands on a line that is no sale may be a note on the stock.
    latest = "(line_kind = 'sale', instant_at, source_row)"
    add_missing(
        work,
        "customers",
        f"""SELECT customer_id, arg_max(customer_name, {latest}) AS name, {origin}
        FROM {usable} WHERE customer_id IS NOT NULL GROUP BY customer_id""",
    )
    add_missing(
        work,
        "products",
        f"""SELECT product_id, arg_max(description, {latest}) AS description, arg_max(category, {latest}) AS category,
            arg_max(item_kind, {latest}) AS item_kind, {origin}
        FROM {usable} WHERE product_id IS NOT NULL GROUP BY product_id""",
    )
    contacts = [(role, role) for role in ("phone", "email") if role in work.mapping.columns]
    for kind, column in contacts:
        add_missing(
            work,
            "identifiers",
            f"""SELECT {literal(work.delivery.source)} AS source, {literal(kind)} AS kind, {column} AS value,
                customer_id, {origin}
            FROM {usable} WHERE customer_id IS NOT NULL AND {column} IS NOT NULL GROUP BY customer_id, {column}""",
        )


def _orders_sql(lines: Path) -> str:
    return f"""
    SELECT source, order_id, customer_id, min(ordered_at) AS ordered_at, ordered_on,
        min(ordered_hour) AS ordered_hour, count(*) AS lines, count(*) FILTER (line_kind = 'sale') AS sale_lines,
        CAST(COALESCE(sum(quantity) FILTER (line_kind = 'sale' AND item_kind = 'product'), 0) AS DECIMAL(18, 4))
            AS items,
        CAST(COALESCE(sum(amount) FILTER (line_kind IN ('sale', 'discount')), 0) AS BIGINT) AS amount,
        CAST(COALESCE(-sum(amount) FILTER (line_kind = 'return'), 0) AS BIGINT) AS returns_amount,
        min(currency) AS currency, min(country) AS country, min(channel) AS channel, delivery_id
    FROM {parquet([lines])}
    WHERE item_kind <> 'test' AND line_kind <> 'cancelled'
    GROUP BY source, order_id, customer_id, ordered_on, delivery_id"""


def _add_orders(work: Work, orders: Path) -> None:
    """Add the orders; where one is there already it has grown, and the two are added up."""
    before = work.publication.files("orders")
    key = TABLES["orders"].key
    same = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in key)
    if before and work.one(
        f"SELECT count(*) FROM {parquet([orders])} AS new SEMI JOIN {parquet(before)} AS old ON {same}"
    ):
        sums = dict.fromkeys(("lines", "sale_lines", "amount", "returns_amount"), "CAST(sum({}) AS BIGINT)")
        whole = sums | {"items": "CAST(sum({}) AS DECIMAL(18, 4))", "delivery_id": "max({})"}
        fields = ", ".join(
            name if name in key else f"{whole.get(name, 'min({})').format(name)} AS {name}"
            for name in TABLES["orders"].names
        )
        path = work.scratch("orders-added-up")
        work.write(f"SELECT {fields} FROM {parquet([*before, orders])} GROUP BY {', '.join(key)}", path)
        work.publication.clear("orders")
        orders = path
    work.publication.adopt("orders", orders)
