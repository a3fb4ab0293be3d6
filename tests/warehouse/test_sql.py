"""Named queries: their header is read, their parameters are checked, what engines read differently is caught."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlglot

import guanxi
from guanxi.errors import QueryError
from guanxi.warehouse.lint import lint
from guanxi.warehouse.sql import load_query, parse_query

HEADER = """-- Orders of known customers
-- before a date.
-- grain: one customer
-- key: customer_id
-- tables: orders
-- parameters: as_of date
-- columns: customer_id string,
--   amount int64
"""
BODY = "SELECT customer_id, MAX(amount) AS amount FROM orders WHERE ordered_on < $as_of GROUP BY customer_id;"
ROOT = Path(guanxi.__file__).parent
NAMED = sorted(ROOT.rglob("queries/*.sql"))


def problems(body: str, header: str = HEADER) -> list[str]:
    return lint(parse_query("example", header + body))


def test_a_header_says_what_a_reader_needs_to_know():
    query = parse_query("example", HEADER + BODY)
    assert query.purpose == "Orders of known customers before a date."
    assert (query.grain, query.key, query.tables) == ("one customer", ("customer_id",), ("orders",))
    assert query.parameters == {"as_of": "date"}
    assert query.columns == {"customer_id": "string", "amount": "int64"}
    assert query.text == BODY.removesuffix(";")


def test_a_dash_means_none():
    query = parse_query("example", HEADER.replace("as_of date", "-") + BODY)
    assert query.parameters == {}


def test_what_a_header_lacks_is_named():
    with pytest.raises(QueryError) as raised:
        parse_query(
            "example", HEADER.replace("-- grain: one customer\n", "").replace("-- key: customer_id\n", "") + BODY
        )
    assert raised.value.message.parameters == {"query": "example", "missing": ["grain", "key"]}


def test_parameters_are_bound_and_strangers_left_out():
    query = parse_query("example", HEADER + BODY)
    assert query.bind({"as_of": dt.date(2026, 1, 1), "horizon_days": 90}) == {"as_of": dt.date(2026, 1, 1)}


@pytest.mark.parametrize("values", [{}, {"as_of": "2026-01-01"}, {"as_of": 20260101}])
def test_a_missing_or_wrong_parameter_is_refused(values):
    with pytest.raises(QueryError) as raised:
        parse_query("example", HEADER + BODY).bind(values)
    assert raised.value.code == "errors.query_parameter"
    assert raised.value.message.parameters["parameter"] == "as_of"


def test_an_instant_is_not_a_date():
    with pytest.raises(QueryError):
        parse_query("example", HEADER + BODY).bind({"as_of": dt.datetime(2026, 1, 1, 12)})


def test_true_is_not_a_number():
    with pytest.raises(QueryError):
        parse_query("example", HEADER.replace("as_of date", "as_of int64") + BODY).bind({"as_of": True})


def test_a_whole_number_will_do_where_a_fraction_is_asked():
    query = parse_query("example", HEADER.replace("as_of date", "as_of double") + BODY)
    assert query.bind({"as_of": 3}) == {"as_of": 3.0}


def test_a_sound_query_has_no_problems():
    assert problems(BODY) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("MAX(amount)", "ROUND(MAX(amount))", "function ROUND is not allowed"),
        ("MAX(amount)", "my_function(amount)", "function MY_FUNCTION is not allowed"),
        ("MAX(amount)", "STRFTIME(ordered_on, '%Y')", "function TIME_TO_STR is not allowed"),
        ("MAX(amount)", "MAX(amount) // 100", "integer division MAX(amount) // 100: cast and FLOOR"),
        ("customer_id, MAX(amount) AS amount", "*", "SELECT *: name the columns"),
        ("FROM orders", "FROM orders, products", "reads ['orders', 'products'], header says ['orders']"),
        ("FROM orders", "FROM (SELECT 1)", "reads [], header says ['orders']"),
        ("$as_of", "$until", "parameters ['until'], header says ['as_of']"),
        ("$as_of", "CAST('2026-01-01' AS DATE)", "parameters [], header says ['as_of']"),
        ("AS amount", "AS total", "columns ['customer_id', 'total'], header says ['customer_id', 'amount']"),
    ],
)  # fmt: skip
def test_what_engines_read_differently_or_the_header_does_not_say_is_caught(old, new, problem):
    assert problem in problems(BODY.replace(old, new))


def test_a_key_that_is_no_column_is_caught():
    assert problems(BODY, HEADER.replace("key: customer_id", "key: order_id")) == [
        "key ('order_id',) is not among the columns"
    ]


@pytest.mark.parametrize("body", ["DELETE FROM orders", "COPY orders TO 'x.csv'", "CREATE TABLE x AS SELECT 1"])
def test_a_query_only_reads(body):
    assert problems(body) == ["only SELECT"]


def test_there_are_named_queries():
    assert "customer_features" in {path.stem for path in NAMED}


@pytest.mark.parametrize("path", NAMED, ids=lambda path: f"{path.parent.parent.name}.{path.stem}")
def test_every_named_query_passes_the_lint_and_is_understood_by_spark(path):
    package = ".".join(("guanxi", *path.parent.parent.relative_to(ROOT).parts))
    query = load_query(package, path.stem)
    assert lint(query) == []
    assert query.purpose
    (read,) = sqlglot.parse(sqlglot.transpile(query.text, read="duckdb", write="spark")[0], read="spark")
    assert read.named_selects == list(query.columns)
