"""Rules across the columns and rows of an order file, asked of its parsed form, each in one query."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from guanxi.intake.clean import CONTENT, repeats_path
from guanxi.intake.mapping import ColumnMapping
from guanxi.intake.parse import decimal_sql, id_sql, literal
from guanxi.intake.quality.rules import EXAMPLES, Breach
from guanxi.intake.quality.values import Context

__all__ = ["key_breaches", "record_breaches"]

_OUTLIERS_FROM = 20
"""Records that a product needs before its prices and quantities are judged."""
_QUARTILES_OF = 4_000_000
"""Records from which quartiles are taken at most, so that they fit into memory; every k-th beyond."""
_MIXED_FROM = 0.05
"""Share of the rarer language from which descriptions count as mixed."""


def record_breaches(context: Context, parsed: Path) -> Iterator[Breach]:
    """Every breach of a rule across columns or rows.

    Parameters
    ----------
    context : the file
    parsed : Parquet, what `guanxi.intake.clean.file_sql` made of it
    """
    asked = _Asked(context, parsed)
    yield from asked.not_records()
    yield from asked.repeated()
    yield from asked.amounts()
    yield from asked.orders()
    yield from asked.products()
    yield from asked.returns()
    yield from asked.countries()
    for role, rule in (("unit_price", "price_outlier"), ("quantity", "quantity_outlier")):
        yield from asked.outliers(role, rule)


def key_breaches(context: Context, role: str) -> Iterator[Breach]:
    """Records of a customer or product file whose key stood in an earlier record already."""
    key = id_sql(context.mapping.columns[role])
    [(rows, examples)] = context.rows(
        f"""SELECT CAST(COALESCE(sum(n - 1), 0) AS BIGINT), min(last, {EXAMPLES}) FROM (
            SELECT count(*) AS n, max(file_row_number) + 1 AS last FROM {context.file_sql}
            WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1
        )"""
    )
    if rows:
        yield Breach("key_repeated", context.mapping.columns[role].column, rows, tuple(examples))


class _Asked:
    """The rules over one parsed file; each method yields the breaches of those that it names."""

    def __init__(self, context: Context, parsed: Path) -> None:
        self.context = context
        self.columns = context.mapping.columns
        self.parsed = parsed
        self.all = f"read_parquet({literal(str(parsed))})"
        self.usable = f"(SELECT * FROM {self.all} WHERE problem IS NULL)"

    def not_records(self) -> Iterator[Breach]:
        """Totals, headers and empty records among the data."""
        for problem, rows, examples in self.context.rows(
            f"""SELECT problem, count(*), min(source_row, {EXAMPLES}) FROM {self.all}
            WHERE problem IN ('total_row', 'header_again', 'empty_record') GROUP BY problem ORDER BY problem"""
        ):
            yield Breach(problem, None, rows, tuple(examples))

    def repeated(self) -> Iterator[Breach]:
        """Records alike in all that makes an order line, counted without the first of each."""
        found = repeats_path(self.parsed)
        if found.exists():
            groups = f"""SELECT count(*) AS n, max(source_row) AS record FROM read_parquet({literal(str(found))})
            GROUP BY repeats_row"""
        else:
            groups = f"""SELECT count(*) - 1 AS n, max(source_row) AS record FROM {self._keyed()}
            GROUP BY hash({CONTENT}) HAVING count(*) > 1"""
        yield from self._groups("repeated", None, groups)

    def amounts(self) -> Iterator[Breach]:
        """An amount that is not quantity × price (less the discount), by more than a hundredth and one minor unit."""
        if not {"quantity", "unit_price", "amount"} <= self.columns.keys():
            return
        quantity, price, amount = (self._decimal(role) for role in ("quantity", "unit_price", "amount"))
        discount = self._decimal("discount") if "discount" in self.columns else "0"
        # A discount column holds an amount of money, or a share of the price; either explains the amount.
        full = "quantity * price"
        explained = " OR ".join(
            f"abs(amount - ({net})) <= greatest(0.011, 0.01 * abs(amount))"
            for net in (full, f"{full} - COALESCE(discount, 0)", f"{full} * (1 - COALESCE(discount, 0))")
        )
        yield from self._groups(
            "amount_differs",
            "amount",
            f"""SELECT 1 AS n, record FROM (
                SELECT file_row_number + 1 AS record, CAST({quantity} AS DOUBLE) AS quantity,
                    CAST({price} AS DOUBLE) AS price, CAST({amount} AS DOUBLE) AS amount,
                    CAST({discount} AS DOUBLE) AS discount
                FROM {self.context.file_sql}
            ) WHERE NOT ({explained})""",
        )

    def orders(self) -> Iterator[Breach]:
        """Orders of several customers, or on days that do not follow each other."""
        if "order_id" not in self.columns:
            return
        self.context.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE odd_orders AS
            SELECT count(*) AS lines, min(source_row) AS first_row,
                count(customer_id) AS known_lines, min(source_row) FILTER (customer_id IS NOT NULL) AS first_known_row,
                min(customer_id) <> max(customer_id) AS several_customers,
                max(ordered_on) - min(ordered_on) > 1 AS several_days
            FROM {self.usable} WHERE order_id IS NOT NULL
            GROUP BY order_id HAVING several_customers OR several_days"""
        )
        if "customer_id" in self.columns:
            yield from self._groups(
                "order_customers",
                "customer_id",
                "SELECT known_lines AS n, first_known_row AS record FROM odd_orders WHERE several_customers",
            )
        yield from self._groups(
            "order_days", "ordered_at", "SELECT lines AS n, first_row AS record FROM odd_orders WHERE several_days"
        )

    def products(self) -> Iterator[Breach]:
        """Products with several descriptions, with none, or in several languages.

        What was never sold under a description is a note about the stock (*damaged*, *found*); the others are names,
        the one with the most sales the usual one.
        """
        if not {"product_id", "description"} <= self.columns.keys():
            return
        self.context.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE described AS
            SELECT *, max(sold) OVER (PARTITION BY product_id) AS most_sold,
                row_number() OVER (PARTITION BY product_id ORDER BY sold DESC, n DESC, description NULLS LAST) AS place
            FROM (
                SELECT product_id, description, count(*) AS n, count(*) FILTER (line_kind = 'sale') AS sold,
                    min(source_row) AS record
                FROM {self.usable} WHERE product_id IS NOT NULL GROUP BY product_id, description
            )"""
        )
        named = "SELECT n, record FROM described WHERE description IS NOT NULL AND most_sold > 0"
        yield from self._groups("product_notes", "description", f"{named} AND sold = 0")
        yield from self._groups("product_names", "description", f"{named} AND sold > 0 AND place > 1")
        yield from self._groups(
            "no_description",
            "product_id",
            """SELECT sum(n) AS n, min(record) AS record FROM described
            GROUP BY product_id HAVING count(description) = 0""",
        )
        han = "regexp_matches(description, '\\p{Han}')"
        latin = "regexp_matches(description, '[A-Za-z]{3}')"
        [(chinese, other)] = self.context.rows(
            f"""SELECT CAST(COALESCE(sum(n) FILTER ({han}), 0) AS BIGINT),
                CAST(COALESCE(sum(n) FILTER (NOT {han} AND {latin}), 0) AS BIGINT) FROM described"""
        )
        if min(chinese, other) > _MIXED_FROM * (chinese + other):
            rarer = han if chinese < other else f"NOT {han} AND {latin}"
            yield from self._groups("languages", "description", f"SELECT n, record FROM described WHERE {rarer}")

    def returns(self) -> Iterator[Breach]:
        """Cancellations that add up, and returns of what the customer had not bought before."""
        yield from self._groups(
            "cancellation_positive",
            "quantity" if "quantity" in self.columns else "amount",
            f"SELECT 1 AS n, source_row AS record FROM {self.usable} WHERE line_kind = 'return' AND amount > 0",
        )
        if {"customer_id", "product_id"} <= self.columns.keys():
            yield from self._groups(
                "return_without_sale",
                "product_id",
                f"""WITH back AS (
                    SELECT source_row, customer_id, product_id, ordered_at FROM {self.usable}
                    WHERE line_kind = 'return' AND item_kind = 'product' AND customer_id IS NOT NULL
                        AND product_id IS NOT NULL
                ), sold AS (
                    SELECT customer_id, product_id, min(ordered_at) AS first_at
                    FROM {self.usable} SEMI JOIN back USING (customer_id, product_id)
                    WHERE line_kind = 'sale' GROUP BY customer_id, product_id
                )
                SELECT 1 AS n, source_row AS record FROM back LEFT JOIN sold USING (customer_id, product_id)
                WHERE first_at IS NULL OR first_at > ordered_at""",
            )

    def countries(self) -> Iterator[Breach]:
        """Customers in several countries: the records outside the one they are mostly in."""
        if not {"customer_id", "country"} <= self.columns.keys():
            return
        yield from self._groups(
            "customer_countries",
            "country",
            f"""SELECT n, record FROM (
                SELECT count(*) AS n, min(source_row) AS record,
                    row_number() OVER (PARTITION BY customer_id ORDER BY count(*) DESC, country) AS place
                FROM {self.usable} WHERE customer_id IS NOT NULL AND country IS NOT NULL GROUP BY customer_id, country
            ) WHERE place > 1""",
        )

    def outliers(self, role: str, rule: str) -> Iterator[Breach]:
        """Ten times off the product's median and beyond the far-out fences of the logarithms (Tukey 1977)."""
        if not {role, "product_id"} <= self.columns.keys():
            return
        every = self.context.staged.rows // _QUARTILES_OF + 1
        sold = f"line_kind = 'sale' AND item_kind = 'product' AND {role} > 0 AND product_id IS NOT NULL"
        # The worst are shown first; of equally bad ones the earlier.
        [(rows, worst)] = self.context.rows(
            f"""SELECT count(*), max({{'by': round(abs(x - q[2]), 6), 'record': -source_row}}, {EXAMPLES}) FROM (
                SELECT product_id, source_row, ln(CAST({role} AS DOUBLE)) AS x FROM {self.usable} WHERE {sold}
            ) JOIN (
                SELECT product_id, quantile_cont(ln(CAST({role} AS DOUBLE)), [0.25, 0.5, 0.75]) AS q
                FROM {self.usable} WHERE {sold} AND source_row % {every} = 0
                GROUP BY product_id HAVING count(*) >= {_OUTLIERS_FROM}
            ) USING (product_id)
            WHERE abs(x - q[2]) >= ln(10) - 1e-9
                AND x NOT BETWEEN q[1] - 3 * (q[3] - q[1]) AND q[3] + 3 * (q[3] - q[1])"""
        )
        if rows:
            yield Breach(rule, self.columns[role].column, rows, tuple(-each["record"] for each in worst))

    def _groups(self, rule: str, role: str | None, groups: str) -> Iterator[Breach]:
        """The breach that a query finds: groups of ``n`` records, ``record`` an example of each."""
        [(found, rows, records)] = self.context.rows(
            f"SELECT count(*), CAST(COALESCE(sum(n), 0) AS BIGINT), min(record, {EXAMPLES}) FROM ({groups})"
        )
        if rows:
            column = self.columns[role].column if role else None
            yield Breach(rule, column, rows, tuple(records), None, {"groups": found})

    def _keyed(self) -> str:
        """The usable records with what `CONTENT` names; those of nobody's order are like no other."""
        return f"""(
            SELECT * REPLACE (COALESCE(order_id, customer_id, 'record ' || source_row) AS order_id) FROM {self.usable}
        )"""

    def _decimal(self, role: str) -> str:
        spec: ColumnMapping = self.columns[role]
        return decimal_sql(spec, precision=18, scale=6)
