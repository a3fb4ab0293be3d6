"""Loading an order file: order lines, the orders they make up, and the customers and products that appear in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from guanxi.intake import clean
from guanxi.intake.load.categories import as_delivered
from guanxi.intake.load.fold import fold_in, open_fold
from guanxi.intake.load.master import country_sql
from guanxi.intake.load.rejects import write_rejects
from guanxi.intake.load.said import LINES, say
from guanxi.intake.load.settle import settle_lines
from guanxi.intake.load.work import Loaded, Work
from guanxi.intake.parse import has_time_sql, literal
from guanxi.warehouse.duckdb import parquet
from guanxi.warehouse.rewrite import rows_of, write_rows

__all__ = ["load_orders"]

_TOGETHER = 1 << 24
"""Records that are joined with their places at a time; the places have to fit into memory."""


def load_orders(work: Work) -> Loaded:
    """Load an order file; returns what became of its records."""
    parsed = work.write(_parsed_sql(work), work.scratch("parsed"))
    set_aside = write_rejects(
        work,
        f"SELECT source_row, problem FROM {parquet([parsed])} WHERE problem IS NOT NULL",
        lambda problem: clean.problem_column(problem, work.mapping),
    )
    lines = _write_lines(work, parsed)
    known, superseded = _fold(work, lines)
    untouched = not work.one("SELECT count(*) FROM shared")
    loaded = settle_lines(
        work.publication, work.connection, gone="lines_gone", added="lines_added", kept="lines_kept",
        ready=lines.others if untouched else (),
    )  # fmt: skip
    for path in lines.paths:
        path.unlink(missing_ok=True)
    _add_people_and_products(work, parsed)
    return Loaded(loaded, set_aside, known, superseded)


def _parsed_sql(work: Work) -> str:
    return clean.file_sql(
        work.connection,
        str(work.staged.path),
        work.mapping,
        timezone=work.settings.timezone,
        currency=work.settings.currency,
        received_on=work.received_on,
    )


@dataclass(frozen=True)
class _Lines:
    """The delivered lines as files, in the shape of ``order_lines``; returns apart, which are yet to be matched."""

    others: tuple[Path, ...]
    returns: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        return (*self.others, self.returns)


def _write_lines(work: Work, parsed: Path) -> _Lines:
    usable = f"""(SELECT * REPLACE ({_order_sql(work, parsed)} AS order_id)
        FROM {parquet([parsed])} WHERE problem IS NULL)"""
    starts = range(0, work.staged.rows, _TOGETHER)
    _find_places(work, usable, sort=len(starts) > 1)
    work.write("SELECT source_row, repeats_row FROM places WHERE repeats_row IS NOT NULL", clean.repeats_path(parsed))
    query = _lines_sql(work, parsed, usable)
    # Several joins of some millions: a single one of all would put every line on the disk once more.
    others = tuple(
        work.write(
            f"{query} WHERE line_kind <> 'return' AND source_row > {start} AND source_row <= {start + _TOGETHER}",
            work.scratch(f"lines-{number}"),
        )
        for number, start in enumerate(starts)
    )
    returns = work.write(f"{query} WHERE line_kind = 'return'", work.scratch("returns"))
    work.connection.execute("DROP TABLE places")  # it is as long as the file
    return _Lines(others, returns)


def _lines_sql(work: Work, parsed: Path, usable: str) -> str:
    clock = has_time_sql("ordered_at", zone=work.settings.timezone)
    has_clock = work.one(f"SELECT {clock} FROM {parquet([parsed])}")
    given = "line_no" if _numbered(work, parsed) else "CAST(NULL AS BIGINT)"
    return f"""
    SELECT {literal(work.delivery.source)} AS source, order_id, COALESCE({given}, place) AS line_no,
        customer_id, product_id, description, category, ordered_at, ordered_on,
        {"ordered_hour" if has_clock else "CAST(NULL AS BIGINT) AS ordered_hour"}, quantity, unit_price, amount, cost,
        {literal(work.settings.currency)} AS currency, {_country_sql(work)} AS country, channel, line_kind, item_kind,
        CAST(NULL AS VARCHAR) AS cancels_order_id, repeats_row IS NOT NULL AS is_repeat,
        CAST({work.delivery.id} AS BIGINT) AS delivery_id,
        source_row, {given} AS given_line_no
    FROM {usable} JOIN places USING (source_row)"""


def _find_places(work: Work, usable: str, *, sort: bool) -> None:
    """Find each line's place in its order, and which earlier line it repeats; made as the table ``places``.

    Only keys are sorted here: to sort whole lines takes twice the time and memory, and mixes up the file's order,
    in which lines lie close together that are alike and are read together. Two orders with one hash are numbered
    together, which leaves gaps and harms nothing.
    """
    work.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE places AS
        SELECT source_row, row_number() OVER (PARTITION BY number ORDER BY source_row) AS place,
            nullif(first_value(source_row) OVER (PARTITION BY content ORDER BY source_row), source_row) AS repeats_row
        FROM (SELECT source_row, hash(order_id) AS number, hash({clean.CONTENT}) AS content FROM {usable})
        {"ORDER BY source_row" if sort else ""}"""
    )


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
        said = "concat_ws(chr(31), product_id, description, ordered_at, quantity, unit_price, amount)"
        content = f"CASE WHEN {nobody} THEN left(md5({said}), 16) END"
        order += f", 'record ' || {content} || '-' || row_number() OVER (PARTITION BY {content} ORDER BY source_row)"
    return f"COALESCE({order})"


def _country_sql(work: Work) -> str:
    return country_sql(work, "country") if "country" in work.mapping.columns else "country"


def _fold(work: Work, lines: _Lines) -> tuple[int, int]:
    """Fold the delivered lines into those that count; returns how many are known, and how many old ones superseded.

    Made are the view ``lines_added`` and the tables ``lines_gone`` and ``lines_kept``.
    """
    run = work.connection.execute
    new = parquet(lines.paths)
    there = rows_of(work.publication, work.connection, "order_lines")
    of_source = f"(SELECT * FROM {there} WHERE source = {literal(work.delivery.source)})"
    run(
        f"""CREATE OR REPLACE TEMP TABLE shared AS
        SELECT DISTINCT order_id FROM {of_source} SEMI JOIN {new} USING (order_id)"""
    )
    open_fold(
        work.connection, as_delivered(work.publication, f"SELECT * FROM {of_source} SEMI JOIN shared USING (order_id)")
    )
    fold_in(work.connection, f"SELECT * FROM {new} SEMI JOIN shared USING (order_id)")
    run("CREATE OR REPLACE TEMP TABLE lines_gone AS FROM superseded")
    run(
        f"""CREATE OR REPLACE TEMP VIEW lines_added AS
        SELECT * FROM {new} ANTI JOIN shared USING (order_id) UNION ALL BY NAME SELECT * FROM placed"""
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE lines_kept AS
        SELECT * FROM folded SEMI JOIN (SELECT order_id FROM placed UNION SELECT order_id FROM superseded)
            USING (order_id)
        WHERE delivery_id <> {work.delivery.id}"""
    )
    write_rows(work.publication, work.connection, "hidden_lines", "FROM hidden")
    [counts] = run("SELECT count(*) FILTER (how = 'known'), count(*) FILTER (how <> 'known') FROM pairs").fetchall()
    return counts


def _add_people_and_products(work: Work, parsed: Path) -> None:
    usable = f"(SELECT * FROM {parquet([parsed])} WHERE problem IS NULL)"
    origin = f"CAST({work.delivery.id} AS BIGINT) AS delivery_id, min(source_row) AS source_row"
    # What stands on a line that is no sale may be a note on the stock.
    latest = "(line_kind = 'sale', ordered_at, source_row)"
    say(
        work,
        "customers",
        f"""SELECT customer_id, arg_max(customer_name, {latest}) AS name, {origin}
        FROM {usable} WHERE customer_id IS NOT NULL GROUP BY customer_id""",
        by=LINES,
    )
    say(
        work,
        "products",
        f"""SELECT product_id, arg_max(description, {latest}) AS description, arg_max(category, {latest}) AS category,
            arg_max(item_kind, {latest}) AS item_kind, {origin}
        FROM {usable} WHERE product_id IS NOT NULL GROUP BY product_id""",
        by=LINES,
    )
    contacts = [(role, role) for role in ("phone", "email") if role in work.mapping.columns]
    for kind, column in contacts:
        say(
            work,
            "identifiers",
            f"""SELECT {literal(work.delivery.source)} AS source, {literal(kind)} AS kind, {column} AS value,
                customer_id, {origin}
            FROM {usable} WHERE customer_id IS NOT NULL AND {column} IS NOT NULL GROUP BY customer_id, {column}""",
            by=LINES,
        )
