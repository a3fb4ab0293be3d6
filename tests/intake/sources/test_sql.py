"""Tables of real databases, each as the same text as from a file, and never anything written or told that should not."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from guanxi.errors import FileError, GuanxiError, InputError, MissingExtra, SettingError
from guanxi.intake.guess import guess
from guanxi.intake.readers import stage
from guanxi.intake.sources import list_tables, stage_sql
from guanxi.intake.sources.databases import parse_url
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from intake.sources.servers import PASSWORD, QUOTED_PASSWORD

pytestmark = pytest.mark.xdist_group("databases")

DATABASES = ("postgresql", "mariadb", "sqlite")

CREATE = """CREATE TABLE orders (
    id INTEGER, customer VARCHAR(40), ordered_at TIMESTAMP NULL, quantity INTEGER, price NUMERIC(10, 2), note TEXT)"""
ROWS = [
    (1001, "张三", "2024-03-05 08:26:00", 2, "199.00", '100% "fine"; it\'s :so'),
    (1002, "O'Neil", None, 1, "59.90", ""),
    (1003, None, "2024-03-06 00:00:00", -3, None, "🧧"),
]
EXPECTED = [
    ("1001", "张三", "2024-03-05 08:26:00", "2", "199.00", '100% "fine"; it\'s :so'),
    ("1002", "O'Neil", None, "1", "59.90", None),
    ("1003", None, "2024-03-06 00:00:00", "-3", None, "🧧"),
]


def owner(url: str) -> sa.Engine:
    """A connection that may write, for the tests to prepare what is read."""
    return sa.create_engine(parse_url(url), poolclass=sa.pool.NullPool)


def execute(url: str, *statements: str) -> None:
    with owner(url).begin() as connection:
        for statement in statements:
            connection.execution_options(no_parameters=True).exec_driver_sql(statement)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with three orders, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "shop.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(CREATE.replace("NUMERIC(10, 2)", "TEXT"))
            connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", ROWS)
        yield f"sqlite:///{path}"
        return
    address: str = request.getfixturevalue(request.param)
    execute(address, "DROP TABLE IF EXISTS orders", CREATE)
    insert = sa.text("INSERT INTO orders VALUES (:a, :b, :c, :d, :e, :f)")
    with owner(address).begin() as connection:
        connection.execute(insert, [dict(zip("abcdef", row, strict=True)) for row in ROWS])
    yield address
    execute(address, "DROP TABLE IF EXISTS orders")


def rows_of(staged: Staged) -> list[tuple[str | None, ...]]:
    table = pq.read_table(staged.path)
    assert tuple(table.column_names) == staged.columns
    assert set(table.schema.types) == {pa.string()}
    assert table.num_rows == staged.rows
    return [tuple(row.values()) for row in table.to_pylist()]


def test_a_table_comes_out_the_same_from_every_database(url: str, tmp_path: Path) -> None:
    staged = stage_sql(url, tmp_path / "staged", table="orders")
    assert staged.columns == ("id", "customer", "ordered_at", "quantity", "price", "note")
    assert rows_of(staged) == EXPECTED
    assert staged.file in ("postgres [orders]", "shop [orders]")
    assert (staged.format, staged.encoding, staged.preamble_lines, staged.unread) == ("sql", None, 0, ())
    assert staged.lines([1, 3]) == [1, 3]
    assert [path.name for path in (tmp_path / "staged").iterdir()] == [staged.path.name]


def test_what_is_staged_can_be_mapped_like_a_file(url: str, tmp_path: Path) -> None:
    staged = stage_sql(url, tmp_path / "staged", table="orders")
    roles = guess(staged.path, source="shop").roles
    assert (roles["ordered_at"], roles["quantity"]) == ("ordered_at", "quantity")


def test_the_same_rows_have_the_same_digest_and_others_another(url: str, tmp_path: Path) -> None:
    first, second = (stage_sql(url, tmp_path / "staged", table="orders") for _ in range(2))
    assert first.path != second.path
    assert first.sha256 == second.sha256
    other = stage_sql(url, tmp_path / "staged", query="SELECT * FROM orders WHERE id > 1001 ORDER BY id")
    assert other.sha256 != first.sha256


def test_a_select_of_the_operators_is_run_as_it_is(url: str, tmp_path: Path) -> None:
    query = "SELECT customer, SUM(quantity) AS pieces FROM orders WHERE note LIKE '100%' GROUP BY customer; "
    staged = stage_sql(url, tmp_path / "staged", query=query)
    assert staged.columns == ("customer", "pieces")
    assert rows_of(staged) == [("张三", "2")]
    assert staged.file.endswith("[SELECT]")


def test_columns_of_one_name_are_told_apart(url: str, tmp_path: Path) -> None:
    staged = stage_sql(url, tmp_path / "staged", query="SELECT id, id FROM orders ORDER BY id")
    assert staged.columns == ("id", "id (2)")
    assert [note.code for note in staged.notes] == ["intake.duplicate_headers"]


def test_tables_and_views_are_listed_and_a_table_alone_needs_no_name(url: str, tmp_path: Path) -> None:
    assert list_tables(url) == ["orders"]
    assert stage_sql(url, tmp_path / "staged").rows == 3
    execute(url, "DROP VIEW IF EXISTS big_orders", "CREATE VIEW big_orders AS SELECT id FROM orders WHERE quantity > 1")
    try:
        assert list_tables(url) == ["big_orders", "orders"]
        assert rows_of(stage_sql(url, tmp_path / "staged", table="big_orders")) == [("1001",)]
        with pytest.raises(InputError, match=r"has 2 tables: big_orders and orders\."):
            stage_sql(url, tmp_path / "staged")
    finally:
        execute(url, "DROP VIEW big_orders")


def test_a_table_that_is_not_there_is_named_with_those_that_are(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no table order\. It has: orders\."):
        stage_sql(url, tmp_path / "staged", table="order")


def test_progress_is_told_every_row(url: str, tmp_path: Path) -> None:
    progress = Progress()
    with progress.stage("cli.stage_read"):
        stage_sql(url, tmp_path / "staged", table="orders", progress=progress)
    assert progress.stages[0].done == 3


def test_a_table_without_rows_is_an_error_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        stage_sql(url, tmp_path / "staged", query="SELECT id FROM orders WHERE id < 0")
    assert caught.value.code == "intake.only_header"
    assert list((tmp_path / "staged").iterdir()) == []


# Only reading


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders",
        "SELECT 1; DROP TABLE orders",
        "SELECT 1; COMMIT; DROP TABLE orders",
        "SELECT * INTO copied FROM orders",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
        "(DELETE FROM orders)",
        "COPY orders TO PROGRAM 'cat'",
        "BEGIN",
        "",
        "SELECT 'open",
    ],
)
def test_only_a_single_select_is_let_through(query: str, tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    with pytest.raises(SettingError, match="one single SELECT"):
        stage_sql(f"sqlite:///{tmp_path}/shop.db", tmp_path / "staged", query=query)


def test_a_semicolon_or_a_keyword_in_a_text_is_harmless(url: str, tmp_path: Path) -> None:
    staged = stage_sql(url, tmp_path / "staged", query="SELECT '; INTO ' AS a FROM orders WHERE id = 1001")
    assert rows_of(staged) == [("; INTO ",)]


@pytest.mark.parametrize(
    ("database", "query"),
    [
        ("postgresql", "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone"),
        ("postgresql", "SELECT nextval('numbers')"),
        ("postgresql", "SELECT set_config('transaction_read_only', 'off', false), lo_create(0)"),
        ("mariadb", "SELECT NEXTVAL(numbers)"),
    ],
)
def test_a_select_that_writes_is_refused_by_the_database(
    database: str, query: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(database)
    execute(url, CREATE, "INSERT INTO orders (id) VALUES (1)", "CREATE SEQUENCE numbers")
    try:
        with pytest.raises(InputError) as caught:
            stage_sql(url, tmp_path / "staged", query=query)
        assert caught.value.code == "sources.query_failed"
        assert rows_of(stage_sql(url, tmp_path / "staged", query="SELECT id FROM orders")) == [("1",)]
    finally:
        execute(url, "DROP TABLE orders", "DROP SEQUENCE numbers")


def test_a_missing_sqlite_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no file"):
        list_tables(f"sqlite:///{tmp_path}/nowhere.db")
    assert list(tmp_path.iterdir()) == []


def test_an_sqlite_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("not a database, but long enough to be looked at" * 40, encoding="utf-8")
    with pytest.raises(InputError, match="file is not a database"):
        list_tables(f"sqlite:///{tmp_path}/shop.db")


def test_a_query_that_the_database_refuses_is_told_with_its_reason(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nonsense"):
        stage_sql(url, tmp_path / "staged", query="SELECT nonsense FROM orders")
    assert list((tmp_path / "staged").iterdir()) == []


def test_a_table_and_a_query_at_once_are_a_contradiction(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="both given"):
        stage_sql("sqlite:///x.db", tmp_path, table="orders", query="SELECT 1")


# Secrets


def secrets_of(error: GuanxiError) -> str:
    return "".join(traceback.format_exception(error)) + error.say("zh") + repr(error) + str(error.message.as_data())


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
@pytest.mark.parametrize("wrong", ["password", "port", "host", "database", "table", "query"])
def test_a_password_is_never_told(
    database: str,
    wrong: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    address: str = request.getfixturevalue(database)
    parsed = sa.make_url(address)
    changed = {
        "password": parsed.set(password=PASSWORD + "x"),
        "port": parsed.set(port=1),
        "host": parsed.set(host="nowhere.invalid"),
        "database": parsed.set(database="nothing"),
    }.get(wrong, parsed)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InputError) as caught:
        stage_sql(
            changed.render_as_string(hide_password=False),
            tmp_path / "staged",
            **({"table": "nothing"} if wrong == "table" else {"query": "SELECT nothing FROM nowhere"}),
        )
    captured = capfd.readouterr()
    everything = secrets_of(caught.value) + caplog.text + captured.out + captured.err
    assert PASSWORD not in everything
    assert QUOTED_PASSWORD not in everything
    assert f"{parsed.get_backend_name()}://shop@" in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql//shop:hunter2@host/x", "hunter2", "mysql://shop:hunter2@host:port/x", ""])
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingError, match="not the URL of a database") as caught:
        list_tables(url)
    assert "hunter2" not in secrets_of(caught.value)


# Drivers


def test_an_unknown_kind_of_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no kind of database called foxpro"):
        list_tables("foxpro://host/shop")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://host/shop", r'pip install "guanxi\[postgres\]"'),
        ("mariadb://host/shop", r'pip install "guanxi\[mysql\]"'),
        ("oracle+oracledb://host/shop", "needs the Python package oracledb"),
    ],
)
def test_a_missing_driver_is_named_with_what_to_install(
    url: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psycopg", "pymysql", "oracledb"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=sentence):
        list_tables(url)


# Values


def test_values_of_postgresql_become_the_text_that_parquet_gives(postgresql: str, tmp_path: Path) -> None:
    zone = dt.timezone(dt.timedelta(hours=8))
    table = pa.table(
        {
            "small": pa.array([1, None, -5], pa.int16()),
            "real": pa.array([13085.0, 0.1, float("nan")], pa.float64()),
            "large": pa.array([1e22, -0.5, 2.0**53], pa.float64()),
            "amount": pa.array(["1.10", "20.00", None]).cast(pa.decimal128(10, 2)),
            "at": pa.array(
                [dt.datetime(2024, 3, 5, 8, 26, 0, 500_000), None, dt.datetime(2024, 3, 6)], pa.timestamp("us")
            ),
            "zoned": pa.array([dt.datetime(2024, 3, 5, 8, 26, tzinfo=zone), None, None], pa.timestamp("us", "UTC")),
            "day": pa.array([dt.date(2024, 2, 29), None, dt.date(1, 1, 1)]),
            "clock": pa.array([dt.time(8, 26), None, dt.time(23, 59, 59, 120_000)], pa.time64("us")),
            "paid": pa.array([True, False, None]),
            "raw": pa.array([b"abc", None, "张".encode()], pa.binary()),
            "tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "values.parquet")
    kinds = (
        "smallint",
        "float8",
        "float8",
        "numeric(10,2)",
        "timestamp",
        "timestamptz",
        "date",
        "time",
        "boolean",
        "bytea",
        "text[]",
    )
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(table.column_names, kinds, strict=True))
    execute(postgresql, f"CREATE TABLE typed ({columns})")
    try:
        places = ", ".join(f":{name}" for name in table.column_names)
        with owner(postgresql).begin() as connection:
            connection.execute(sa.text(f"INSERT INTO typed VALUES ({places})"), table.to_pylist())
        [expected] = stage(tmp_path / "values.parquet", tmp_path / "staged")
        assert rows_of(stage_sql(postgresql, tmp_path / "staged", table="typed")) == rows_of(expected)
    finally:
        execute(postgresql, "DROP TABLE typed")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'infinity'::timestamp", "infinity"),
        ("'NaN'::numeric", None),
        ("'1e+30'::numeric", "1000000000000000000000000000000"),
        ("12345678901234567890.123456789012345678901234567890::numeric", "12345678901234567890.123456789012345678901234567890"),
        ("'0.1'::float4", "0.1"),
        ("'{\"a\": 1.10}'::json", '{"a": 1.10}'),
        ("interval '30 hours'", "30:00:00"),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("'12000-01-01'::date", "12000-01-01"),
        ("'\\xff00'::bytea", "\\xFF\\x00"),
        ("'NaN'::text", "NaN"),
        ("'192.168.0.1/24'::inet", "192.168.0.1/24"),
    ],
)  # fmt: skip
def test_values_that_only_postgresql_has_are_read(
    expression: str, expected: str | None, postgresql: str, tmp_path: Path
) -> None:
    staged = stage_sql(postgresql, tmp_path / "staged", query=f"SELECT {expression} AS value, 1 AS one")
    assert rows_of(staged) == [(expected, "1")]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST('0000-00-00' AS DATE)", "0000-00-00"),
        ("TRUE", "1"),
        ("CAST(1.10 AS DECIMAL(10,2))", "1.10"),
        ("18446744073709551615", "18446744073709551615"),
        ("0.1e0", "0.1"),
        ("X'FF00'", "\\xFF\\x00"),
        ("TIME '30:00:00'", "30:00:00"),
    ],
)
def test_values_that_only_mysql_has_are_read(expression: str, expected: str, mariadb: str, tmp_path: Path) -> None:
    execute(mariadb, "SET GLOBAL sql_mode = ''")
    staged = stage_sql(mariadb, tmp_path / "staged", query=f"SELECT {expression} AS value")
    assert rows_of(staged) == [(expected,)]


def test_schemas_other_than_the_usual_one_stand_before_the_name(postgresql: str, tmp_path: Path) -> None:
    execute(postgresql, 'CREATE SCHEMA "Sales 50%"', 'CREATE TABLE "Sales 50%"."o%rders; --" AS SELECT 1 AS "a%b"')
    try:
        assert list_tables(postgresql) == ["Sales 50%.o%rders; --"]
        staged = stage_sql(postgresql, tmp_path / "staged")
        assert (staged.columns, rows_of(staged)) == (("a%b",), [("1",)])
    finally:
        execute(postgresql, 'DROP SCHEMA "Sales 50%" CASCADE')


def test_a_text_in_sqlite_that_is_no_utf8_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER, name TEXT, raw BLOB)")
        connection.execute("INSERT INTO orders VALUES (1, 'a', NULL), (3, 'c', x'FF')")
        connection.execute("INSERT INTO orders VALUES (2, CAST(x'D5C5' AS TEXT), NULL)")
    staged = stage_sql(f"sqlite:///{path}", tmp_path / "staged")
    assert rows_of(staged) == [("1", "a", None), ("3", "c", "\\xFF")]
    assert [(each.line, each.column, each.value, each.reason) for each in staged.unread] == [
        (3, "name", r"\xd5\xc5", "intake.undecodable")
    ]


# Size

CHILD = """
import resource, sys
from pathlib import Path
from guanxi.intake.sources import stage_sql
staged = stage_sql(sys.argv[1], Path(sys.argv[2]), query=sys.argv[3])
print(staged.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mebibytes(url: str, query: str, folder: Path) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, url, str(folder), query], capture_output=True, text=True, check=True
    )
    rows, peak = map(int, done.stdout.split())
    return rows, peak


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "query"),
    [
        ("postgresql", "SELECT i, repeat('x', 400) || i AS note FROM generate_series(1, {rows}) AS i"),
        ("mariadb", "SELECT seq, CONCAT(REPEAT('x', 400), seq) AS note FROM seq_1_to_{rows}"),
    ],
)
def test_memory_does_not_grow_with_the_table(
    database: str, query: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(database)
    few, little = peak_mebibytes(url, query.format(rows=1000), tmp_path)
    many, more = peak_mebibytes(url, query.format(rows=500_000), tmp_path)
    assert (few, many) == (1000, 500_000)
    # The result is 200 MiB; the batches on their way to Parquet are a third of that.
    assert more - little < 120
