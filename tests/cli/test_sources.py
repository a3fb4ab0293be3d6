"""Databases, web APIs and folders through the command line: described in a file, read on from where they were left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from cli.conftest import Said
from guanxi.intake.sources.databases import parse_url
from guanxi.warehouse import Warehouse
from intake.sources import servers, shop_server
from intake.sources.servers import PASSWORD
from intake.sources.shop_server import answer
from mine.shop import HEADER, LATER, ROWS, write_csv

pytestmark = pytest.mark.xdist_group("databases")

NAMES = "order_no, ordered_at, customer_id, product_id, product_name, quantity, unit_price, updated_at"
CREATE = """CREATE TABLE orders (
    order_no VARCHAR(20), ordered_at TIMESTAMP NULL, customer_id VARCHAR(20), product_id VARCHAR(20),
    product_name VARCHAR(40), quantity INTEGER, unit_price NUMERIC(10, 2), updated_at TIMESTAMP NULL)"""
FIRST = [(*row[:7], "2024-06-01 08:00:00") for row in ROWS[:7]]
SECOND = [(*row[:7], "2024-06-02 08:00:00") for row in LATER]

Run = Callable[..., Said]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="module")
def mariadb() -> Iterator[str]:
    with servers.mariadb() as url:
        yield url


class Database:
    """A shop's database; `add` puts rows into it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = sa.create_engine(parse_url(url), poolclass=sa.pool.NullPool)
        self.execute("DROP TABLE IF EXISTS orders")
        self.execute(CREATE)

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def add(self, rows: list[tuple]) -> None:
        names = NAMES.split(", ")
        insert = sa.text(f"INSERT INTO orders ({NAMES}) VALUES ({', '.join(f':{name}' for name in names)})")
        with self.engine.begin() as connection:
            connection.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        (tmp_path / "shop").mkdir()
        return Database(f"sqlite:///{tmp_path}/shop/shop.db")
    return Database(request.getfixturevalue(request.param))


def describe(folder: Path, called: str, **said: object) -> Path:
    """A description of a source; JSON is YAML, too."""
    path = folder / f"{called}.source.yaml"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def described(database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: object) -> Path:
    """The description of a database, its password in the environment."""
    url = parse_url(database.url)
    if url.password is None:
        return describe(folder, "shop", kind="sql", url=database.url, **more)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    bare = url._replace(password=None).render_as_string(hide_password=False)
    return describe(folder, "shop", kind="sql", url=bare, password={"environment": "SHOP_PASSWORD"}, **more)


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def lines(warehouse: Path) -> int:
    with Warehouse.open(warehouse) as there:
        return there.snapshot().rows("order_lines")


# Databases


def test_a_table_is_read_once_and_then_what_is_new(
    guanxi: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.add(FIRST)
    source = described(database, tmp_path, monkeypatch, table="orders", new_since="updated_at")
    warehouse = tmp_path / "w"
    said = guanxi("import", source, "--warehouse", warehouse, "--currency", "EUR")
    assert (said.code, said.err) == (0, "")
    assert "7 records = 7 loaded + 0 known already + 0 set aside" in said.out
    assert "shop: nothing is new since 2024-06-01 08:00:00." in guanxi("import", source, "--warehouse", warehouse).out
    database.add(SECOND)
    said = guanxi("import", source, "--warehouse", warehouse)
    assert "2 records = 2 loaded + 0 known already + 0 set aside" not in said.out, "it begins with the last moment"
    assert "9 records = 2 loaded + 7 known already + 0 set aside" in said.out
    assert lines(warehouse) == 9
    if PASSWORD in database.url or "%40" in database.url:
        kept = everything_under(warehouse)
        assert PASSWORD.encode() not in kept
        assert b"s3cret" not in kept


def test_the_main_job_reads_a_query_and_its_mapping_can_be_used_again(
    guanxi: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.add([*FIRST, *SECOND])
    query = f"SELECT {NAMES} FROM orders WHERE customer_id <> '' ORDER BY ordered_at, product_id"
    source = described(database, tmp_path, monkeypatch, query=query)
    said = guanxi("mine", source, "--out", tmp_path / "out")
    assert (said.code, said.err) == (0, "")
    assert "8 records = 8 loaded" in said.out
    assert "4 customers as of 2024-05-04" in said.out
    mapping = tmp_path / "out/mapping.yaml"
    assert "- source: shop\n" in mapping.read_text(encoding="utf-8")
    assert b"s3cret" not in everything_under(tmp_path / "out")
    again = guanxi("mine", source, "--out", tmp_path / "again", "--map", mapping)
    assert "4 customers as of 2024-05-04" in again.out
    assert guanxi("profile", source).code == 0


def test_a_number_that_counts_on_says_what_is_new(guanxi: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE sales (id INTEGER, day TEXT, member TEXT, amount REAL)")
        shop.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", [(i, "2024-03-05", f"m{i}", 9.5) for i in (9, 10)])
    source = describe(tmp_path, "till", kind="sql", url="sqlite:///shop.db", table="sales", new_since="ID")
    assert "2 loaded" in guanxi("import", source, "--warehouse", tmp_path / "w", "--currency", "EUR").out
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?)", [(11, "2024-03-06", "x", 5), (None, "2024-03-07", "y", 6)]
        )
    assert "3 records = 2 loaded + 1 known already" in guanxi("import", source, "--warehouse", tmp_path / "w").out
    assert guanxi("warehouse", "undo", tmp_path / "w", "--delivery", 2).code == 0
    assert lines(tmp_path / "w") == 2
    said = guanxi("import", source, "--warehouse", tmp_path / "w")
    assert "nothing is new" not in said.out, "what an undone delivery had read is read again"
    assert lines(tmp_path / "w") == 4


def test_a_dry_run_does_not_move_on(guanxi: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE sales (id INTEGER, day TEXT, member TEXT, amount REAL)")
        shop.execute("INSERT INTO sales VALUES (1, '2024-03-05', 'm', 9.5)")
    source = describe(tmp_path, "till", kind="sql", url="sqlite:///shop.db", new_since="id")
    assert guanxi("import", source, "--warehouse", tmp_path / "w", "--currency", "EUR").code == 0
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("INSERT INTO sales VALUES (2, '2024-03-06', 'n', 5)")
    for _ in range(2):
        assert "1 loaded" in guanxi("import", source, "--warehouse", tmp_path / "w", "--dry-run").out
    assert "1 loaded" in guanxi("import", source, "--warehouse", tmp_path / "w").out


# Web APIs


def test_an_api_is_read_page_by_page_with_its_token_and_then_on(
    guanxi: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [dict(zip(NAMES.split(", "), row, strict=True)) for row in FIRST]

    def page(path: str) -> shop_server.Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        newer = [each for each in records if each["updated_at"] >= query.get("updated_after", "")]
        start = int(query["offset"])
        return answer({"data": newer[start : start + int(query["limit"])]})

    monkeypatch.setenv("SHOP_TOKEN", "hunter2")
    with shop_server.serving() as shop:
        monkeypatch.setattr(shop, "answer", page)
        source = describe(
            tmp_path, "web", kind="api", url=f"{shop.url}/orders", records="data",
            paging={"style": "offset", "limit": 3}, headers={"Accept-Language": "en"},
            secret_headers={"Authorization": {"environment": "SHOP_TOKEN", "prefix": "Bearer "}},
            new_since={"column": "updated_at", "parameter": "updated_after"},
        )  # fmt: skip
        said = guanxi("import", source, "--warehouse", tmp_path / "w", "--currency", "EUR")
        assert (said.code, said.err) == (0, "")
        assert "7 records = 7 loaded" in said.out
        assert {headers["authorization"] for _, headers in shop.asked} == {"Bearer hunter2"}
        assert len(shop.asked) == 4
        records += [dict(zip(NAMES.split(", "), row, strict=True)) for row in SECOND]
        del records[:7]
        said = guanxi("import", source, "--warehouse", tmp_path / "w")
        assert "2 records = 2 loaded" in said.out
        assert "updated_after=2024-06-01+08%3A00%3A00" in shop.asked[-1][0]
        records.clear()
        assert "nothing is new since 2024-06-02" in guanxi("import", source, "--warehouse", tmp_path / "w").out
    assert b"hunter2" not in everything_under(tmp_path)


# Folders


def test_a_folder_is_read_month_by_month_and_next_month_only_what_is_new(guanxi: Run, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    write_csv(tmp_path / "exports/orders_2024-01.csv", ROWS[:2])
    write_csv(tmp_path / "exports/orders_2024-02.csv", ROWS[2:4])
    (tmp_path / "exports/notes.txt~").write_text("not a table")
    folder, warehouse = tmp_path / "exports", tmp_path / "w"
    said = guanxi("mine", folder, "--out", tmp_path / "out", "--warehouse", warehouse, "--currency", "EUR")
    assert (said.code, said.err) == (0, "")
    assert said.out.index("orders_2024-01.csv") < said.out.index("orders_2024-02.csv")
    assert said.out.count("Order No") == 1, "what the first file said holds for those like it"
    write_csv(tmp_path / "exports/orders_2024-03.csv", LATER)
    said = guanxi("import", folder, "--warehouse", warehouse)
    assert "2 files are known from earlier deliveries and left out." in said.out
    assert "orders_2024-03.csv: 2 records = 2 loaded" in said.out
    said = guanxi("mine", folder, "--out", tmp_path / "out", "--warehouse", warehouse)
    assert "3 files are known" in said.out
    assert "3 customers as of 2024-05-04" in said.out
    assert "customer_id" in (tmp_path / "out/mapping.yaml").read_text(encoding="utf-8")


def test_a_described_folder_has_a_pattern_and_a_name(guanxi: Run, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    write_csv(tmp_path / "exports/2024-01 A.csv", ROWS[:2])
    write_csv(tmp_path / "exports/2024-01 B.csv", ROWS[2:4])
    (tmp_path / "exports/other.csv").write_text("a,b\n1,2\n")
    source = describe(tmp_path, "north", kind="folder", path="exports", pattern="2024*.csv", name="north")
    assert guanxi("import", source, "--warehouse", tmp_path / "w", "--currency", "EUR").code == 0
    with Warehouse.open(tmp_path / "w") as warehouse:
        assert [(each.file, each.source) for each in warehouse.deliveries()] == [
            ("2024-01 A.csv", "north"), ("2024-01 B.csv", "north"),
        ]  # fmt: skip


# What is wrong with a description

SECRET = "hunter2"  # noqa: S105
SQL = {"kind": "sql", "url": "sqlite:///shop.db"}
API = {"kind": "api", "url": "https://shop.example/orders"}
WRONG = {
    "no kind": ({"url": "x"}, "has to say with “kind:” what it is: sql, api, and folder"),
    "no such kind": ({**SQL, "kind": SECRET}, "has to say with “kind:”"),
    "no url": ({"kind": "sql"}, "give either url, or url_from"),
    "two urls": ({**SQL, "url_from": {"environment": "X"}}, "give either url, or url_from"),
    "password in the url": ({"kind": "sql", "url": f"mysql://me:{SECRET}@db/shop"}, "the address in url holds a secret"),
    "password with signs": ({"kind": "sql", "url": f"mysql://me:a/{SECRET}@db/shop"}, "holds a secret"),
    "key in the url": ({"kind": "api", "url": f"https://shop.example/?api_key={SECRET}"}, "holds a secret"),
    "account in the url": ({"kind": "api", "url": f"https://me:{SECRET}@shop.example/"}, "holds a secret"),
    "written out": ({**SQL, "password": SECRET}, "a secret is written out in password"),
    "written out as a number": ({**SQL, "password": 1234567}, "a secret is written out in password"),
    "written out in a header": ({**API, "headers": {"Authorization": SECRET}}, "a secret is written out in headers"),
    "no place": ({**SQL, "password": {}}, "password has to say where the secret is kept"),
    "two places": ({**SQL, "password": {"environment": "X", "file": "x"}}, "by exactly one of"),
    "not set": ({**SQL, "password": {"environment": "NOT_SET_AT_ALL"}}, "not set: NOT_SET_AT_ALL"),
    "no such file": ({**SQL, "password": {"file": "nowhere"}}, "The file with the secret"),
    "unknown key": ({**SQL, "tabel": "orders"}, "tabel is not something a source can say here. Did you mean table?"),
    "unknown key far off": ({"kind": "folder", "path": ".", "xyz": 1}, "Did you mean version, name, kind, path, and pattern?"),
    "unknown key in paging": ({**API, "paging": {"style": "cursor", "path": "x", "parametr": "y"}}, "paging.parametr"),
    "unknown key in a secret": ({**SQL, "password": {"environment": "X", "prefx": "y"}}, "Did you mean prefix?"),
    "unknown key in new_since": ({**API, "new_since": {"column": "x", "parameter": "y", "colum": "z"}}, "Did you mean column?"),
    "no style": ({**API, "paging": {"path": "x"}}, "paging.style is missing"),
    "no such style": ({**API, "paging": {"style": "pages"}}, "paging has to be one of link_header, next_url, cursor"),
    "no path": ({**API, "paging": {"style": "cursor"}}, "paging.path is missing"),
    "no column": ({**API, "new_since": {"parameter": "y"}}, "new_since.column is missing"),
    "wrong value": ({**SQL, "table": [SECRET]}, "the value of table is of the wrong kind"),
    "wrong version": ({**SQL, "version": 9}, "version has to be one of 1"),
    "table and query": ({**SQL, "table": "a", "query": "SELECT 1"}, "A table and a query were both given"),
    "no database": (SQL, "There is no file"),
    "no folder": ({"kind": "folder", "path": "nowhere"}, "There is no folder"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_description_is_told_and_no_secret_is(
    guanxi: Run, tmp_path: Path, said: dict, sentence: str
) -> None:
    source = describe(tmp_path, "shop", **said)
    for language in ("en", "zh"):
        told = guanxi("import", source, "--warehouse", tmp_path / "w", "--lang", language)
        assert told.code in (2, 3)
        assert language != "en" or sentence in told.err
        assert not {SECRET, "1234567"} & set(told.err.replace("/", " ").replace(":", " ").split())
        assert SECRET not in told.err + told.out
        assert "Traceback" not in told.err
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("content", [b"kind: [sql", b"kind: sql\n\turl: x", b"\xff\xfe\xff", b"- sql", b""])
def test_what_is_no_yaml_is_told(guanxi: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.source.yml").write_bytes(content)
    told = guanxi("import", tmp_path / "x.source.yml", "--warehouse", tmp_path / "w")
    assert told.code == 3
    assert "x.source.yml" in told.err


def test_a_column_that_is_not_there_cannot_say_what_is_new(guanxi: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE sales (id INTEGER, day TEXT, amount REAL)")
        shop.execute("INSERT INTO sales VALUES (1, '2024-03-05', 1)")
    source = describe(tmp_path, "till", kind="sql", url="sqlite:///shop.db", new_since="changed")
    told = guanxi("import", source, "--warehouse", tmp_path / "w")
    assert (told.code, "no column changed" in told.err, "It has: id, day, and amount" in told.err) == (3, True, True)


def test_the_whole_address_may_be_the_secret(guanxi: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "address").write_text(f"sqlite:///{tmp_path}/shop.db\n")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute(f"CREATE TABLE orders ({NAMES})")
        shop.executemany(f"INSERT INTO orders VALUES ({', '.join('?' * 8)})", FIRST)
    monkeypatch.chdir("/")
    source = describe(tmp_path, "shop", kind="sql", url_from={"file": "address"})
    assert "7 records = 7 loaded" in guanxi("import", source, "--warehouse", tmp_path / "w", "--currency", "EUR").out


def test_sources_and_files_may_stand_side_by_side(guanxi: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE members (customer_id TEXT, name TEXT, country TEXT)")
        shop.execute("INSERT INTO members VALUES ('张三', '张三丰', 'China')")
    members = describe(tmp_path, "members", kind="sql", url="sqlite:///shop.db")
    orders = write_csv(tmp_path / "orders.csv", ROWS, HEADER)
    said = guanxi("mine", orders, members, "--out", tmp_path / "out")
    assert (said.code, "taken for customers" in said.out) == (0, True)
