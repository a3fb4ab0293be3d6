"""Small adversarial cases, one or more per function that named queries may call, with the answers worked out by hand.

Each case is SQL over tables of literals, so that it needs no engine's own type system, and says exactly what every
engine must answer. A function that engines cannot agree on does not get a case, and so is not allowed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from guanxi.warehouse.sql import Query, parse_query

D = dt.date

NUMBERS = pa.table({
    "id": pa.array([1, 2, 3, 4, 5], pa.int64()),
    "grp": ["a", "a", "a", "b", "c"],
    "n": pa.array([3, -1, 3, None, 7], pa.int64()),
    "x": pa.array([0.5, -2.5, 0.5, None, 1.25], pa.float64()),
})  # fmt: skip
NOBODY = NUMBERS.slice(0, 0)
DAYS = pa.table({
    "id": pa.array([1, 2, 3, 4, 5], pa.int64()),
    "a": [D(2024, 2, 28), D(2023, 2, 28), D(2024, 12, 31), D(2024, 1, 31), None],
    "b": [D(2024, 3, 1), D(2023, 3, 1), D(2025, 1, 1), D(2024, 1, 1), D(2024, 1, 1)],
})  # fmt: skip
TEXTS = pa.table({
    "id": pa.array([1, 2, 3, 4], pa.int64()),
    "t": ["Tee", "绿茶 Tea", "", None],
    "u": [None, "b", "a", "a"],
})  # fmt: skip
TABLES = {"numbers": NUMBERS, "nobody": NOBODY, "days": DAYS, "texts": TEXTS}


@dataclass(frozen=True)
class Case:
    """A function, a query that calls it, and the one right answer."""

    function: str
    name: str
    sql: str
    answer: list[tuple[object, ...]]

    @property
    def query(self) -> Query:
        read = ", ".join(name for name in TABLES if f"FROM {name}" in self.sql)
        header = ("A case.", "grain: one", "key: -", f"tables: {read}", "parameters: -", "columns: answer int64")
        return parse_query(
            f"{self.function.lower()}_{self.name}", "\n".join(f"-- {line}" for line in header) + "\n" + self.sql
        )


CASES = [
    Case("ABS", "signs", "SELECT id, ABS(n) AS n, ABS(x) AS x FROM numbers ORDER BY id",
         [(1, 3, 0.5), (2, 1, 2.5), (3, 3, 0.5), (4, None, None), (5, 7, 1.25)]),
    Case("AND", "three_values", "SELECT id, n > 0 AND x < 1 AS yes FROM numbers ORDER BY id",
         [(1, True), (2, False), (3, True), (4, None), (5, False)]),
    Case("AND", "false_and_null", "SELECT id, id > 9 AND n > 0 AS yes FROM numbers WHERE id = 4", [(4, False)]),
    Case("OR", "true_or_null", "SELECT id, id < 9 OR n > 0 AS yes FROM numbers WHERE id = 4", [(4, True)]),
    Case("OR", "false_or_null", "SELECT id, id > 9 OR n > 0 AS yes FROM numbers WHERE id = 4", [(4, None)]),
    Case("NOT", "three_values", "SELECT id, NOT n > 0 AS yes FROM numbers WHERE id IN (1, 2, 4) ORDER BY id",
         [(1, False), (2, True), (4, None)]),
    Case("IN", "with_null", "SELECT id FROM numbers WHERE n IN (3, 7) ORDER BY id", [(1,), (3,), (5,)]),
    Case("IN", "not_in_leaves_null_out", "SELECT id FROM numbers WHERE NOT n IN (3, 7) ORDER BY id", [(2,)]),
    Case("AVG", "of_whole_numbers", "SELECT grp, AVG(n) AS mean FROM numbers GROUP BY grp ORDER BY grp",
         [("a", 5 / 3), ("b", None), ("c", 7.0)]),
    Case("AVG", "of_nobody", "SELECT AVG(x) AS mean FROM nobody", [(None,)]),
    Case("CASE", "first_that_holds",
         "SELECT id, CASE WHEN n > 5 THEN 'many' WHEN n > 0 THEN 'some' WHEN n IS NULL THEN 'unknown' END AS word "
         "FROM numbers ORDER BY id", [(1, "some"), (2, None), (3, "some"), (4, "unknown"), (5, "many")]),
    Case("IF", "null_is_no", "SELECT id, IF(n > 0, 1, 0) AS yes FROM numbers ORDER BY id",
         [(1, 1), (2, 0), (3, 1), (4, 0), (5, 1)]),
    Case("CAST", "whole_to_fraction", "SELECT CAST(n AS DOUBLE) / 2 AS half FROM numbers WHERE id IN (1, 2, 4) ORDER BY id",
         [(1.5,), (-0.5,), (None,)]),
    Case("CAST", "text_to_date", "SELECT CAST('2024-02-29' AS DATE) AS leap_day FROM numbers WHERE id = 1", [(D(2024, 2, 29),)]),
    Case("CAST", "wide_product",
         "SELECT CAST(CAST(9000000000 AS DECIMAL(19, 0)) * CAST(9000000000 AS DECIMAL(19, 0)) AS DOUBLE) AS square "
         "FROM numbers WHERE id = 1", [(8.1e19,)]),
    Case("COALESCE", "first_that_is_there", "SELECT id, COALESCE(u, t, 'none') AS word FROM texts ORDER BY id",
         [(1, "Tee"), (2, "b"), (3, "a"), (4, "a")]),
    Case("COUNT", "rows_values_distinct",
         "SELECT grp, COUNT(*) AS lines, COUNT(n) AS known, COUNT(DISTINCT n) AS kinds FROM numbers GROUP BY grp ORDER BY grp",
         [("a", 3, 3, 2), ("b", 1, 0, 0), ("c", 1, 1, 1)]),
    Case("COUNT", "of_nobody", "SELECT COUNT(*) AS lines, COUNT(n) AS known FROM nobody", [(0, 0)]),
    Case("DATE_DIFF", "leap_day_month_end_year_end",
         "SELECT id, DATE_DIFF('day', a, b) AS days FROM days ORDER BY id", [(1, 2), (2, 1), (3, 1), (4, -30), (5, None)]),
    Case("DATE_DIFF", "weekday_from_a_monday",
         "SELECT id, DATE_DIFF('day', CAST('1900-01-01' AS DATE), a) % 7 AS weekday FROM days ORDER BY id",
         [(1, 2), (2, 1), (3, 1), (4, 2), (5, None)]),
    Case("DENSE_RANK", "ties", "SELECT id, DENSE_RANK() OVER (ORDER BY n DESC NULLS LAST) AS place FROM numbers ORDER BY id",
         [(1, 2), (2, 3), (3, 2), (4, 4), (5, 1)]),
    Case("RANK", "ties", "SELECT id, RANK() OVER (ORDER BY n DESC NULLS LAST) AS place FROM numbers ORDER BY id",
         [(1, 2), (2, 4), (3, 2), (4, 5), (5, 1)]),
    Case("RANK", "null_is_last_unless_said", "SELECT id, RANK() OVER (ORDER BY n) AS place FROM numbers ORDER BY id",
         [(1, 2), (2, 1), (3, 2), (4, 5), (5, 4)]),
    Case("ROW_NUMBER", "within_groups",
         "SELECT id, ROW_NUMBER() OVER (PARTITION BY grp ORDER BY n DESC, id) AS place FROM numbers ORDER BY id",
         [(1, 1), (2, 3), (3, 2), (4, 1), (5, 1)]),
    Case("FIRST_VALUE", "within_groups",
         "SELECT id, FIRST_VALUE(n) OVER (PARTITION BY grp ORDER BY id DESC) AS latest FROM numbers ORDER BY id",
         [(1, 3), (2, 3), (3, 3), (4, None), (5, 7)]),
    Case("LAG", "nobody_before", "SELECT id, LAG(n) OVER (PARTITION BY grp ORDER BY id) AS before FROM numbers ORDER BY id",
         [(1, None), (2, 3), (3, -1), (4, None), (5, None)]),
    Case("EXTRACT", "parts_of_a_date",
         "SELECT id, EXTRACT(YEAR FROM a) AS year, EXTRACT(MONTH FROM a) AS month, EXTRACT(DAY FROM a) AS day "
         "FROM days ORDER BY id",
         [(1, 2024, 2, 28), (2, 2023, 2, 28), (3, 2024, 12, 31), (4, 2024, 1, 31), (5, None, None, None)]),
    Case("FLOOR", "below_zero", "SELECT id, CAST(FLOOR(x) AS BIGINT) AS whole FROM numbers ORDER BY id",
         [(1, 0), (2, -3), (3, 0), (4, None), (5, 1)]),
    Case("GREATEST", "null_is_passed_over", "SELECT id, GREATEST(n, 0, id) AS most FROM numbers ORDER BY id",
         [(1, 3), (2, 2), (3, 3), (4, 4), (5, 7)]),
    Case("LEAST", "null_is_passed_over", "SELECT id, LEAST(n, 0, id) AS least FROM numbers ORDER BY id",
         [(1, 0), (2, -1), (3, 0), (4, 0), (5, 0)]),
    Case("MAX", "numbers_and_texts", "SELECT MAX(n) AS n, MAX(grp) AS grp FROM numbers", [(7, "c")]),
    Case("MAX", "of_nobody", "SELECT MAX(n) AS n FROM nobody", [(None,)]),
    Case("MAX", "of_dates", "SELECT MAX(a) AS a, MIN(a) AS first FROM days", [(D(2024, 12, 31), D(2023, 2, 28))]),
    Case("MIN", "numbers_and_texts", "SELECT MIN(n) AS n, MIN(grp) AS grp FROM numbers", [(-1, "a")]),
    Case("MIN", "texts_by_code_point", "SELECT MIN(t) AS first, MAX(t) AS last FROM texts WHERE t > ''", [("Tee", "绿茶 Tea")]),
    Case("MEDIAN", "odd_even_nothing", "SELECT grp, MEDIAN(n) AS middle FROM numbers WHERE id > 1 GROUP BY grp ORDER BY grp",
         [("a", 1.0), ("b", None), ("c", 7.0)]),
    Case("MEDIAN", "ties", "SELECT MEDIAN(n) AS middle FROM numbers WHERE grp = 'a'", [(3.0,)]),
    Case("NULLIF", "no_division_by_zero", "SELECT id, x / NULLIF(x - 0.5, 0.0) AS ratio FROM numbers ORDER BY id",
         [(1, None), (2, 2.5 / 3), (3, None), (4, None), (5, 1.25 / 0.75)]),
    Case("SQRT", "numbers", "SELECT id, SQRT(ABS(x)) AS root FROM numbers ORDER BY id",
         [(1, 0.5**0.5), (2, 2.5**0.5), (3, 0.5**0.5), (4, None), (5, 1.25**0.5)]),
    Case("STDDEV_SAMP", "three_one_none", "SELECT grp, STDDEV_SAMP(n) AS sd FROM numbers GROUP BY grp ORDER BY grp",
         [("a", (16 / 3) ** 0.5), ("b", None), ("c", None)]),
    Case("STDDEV_SAMP", "all_alike", "SELECT STDDEV_SAMP(n) AS sd FROM numbers WHERE n = 3", [(0.0,)]),
    Case("SUM", "of_whole_numbers", "SELECT grp, CAST(SUM(n) AS BIGINT) AS total FROM numbers GROUP BY grp ORDER BY grp",
         [("a", 5), ("b", None), ("c", 7)]),
    Case("SUM", "of_nobody", "SELECT CAST(SUM(n) AS BIGINT) AS n, SUM(x) AS x FROM nobody", [(None, None)]),
    Case("SUM", "beyond_an_integer_is_a_decimal",
         "SELECT CAST(SUM(CAST(9000000000000000000 AS DECIMAL(19, 0))) AS DOUBLE) AS total FROM numbers", [(4.5e19,)]),
    Case("SUM", "over_all_before",
         "SELECT id, CAST(SUM(n) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS total "
         "FROM numbers ORDER BY id", [(1, 3), (2, 2), (3, 5), (4, 5), (5, 12)]),
]  # fmt: skip
