"""The kernel makes the table of the queries, whatever the rows, their order, the memory and the threads."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import real_file
from features.drawn import AS_OF, customer_files, order_lines
from guanxi.compiled import compiled
from guanxi.features import customer_features, customers
from guanxi.features.customers import STEPS, queries
from guanxi.features.kernel import LocalSession, Unsuited, customer_kernels, make_customer_features
from guanxi.features.kernel.scatter_kernels import ORDER
from guanxi.features.kernel.texts import TextCodes
from guanxi.mine import import_files, mine, write_outputs
from guanxi.progress import Progress
from guanxi.simulate import company
from guanxi.warehouse import DuckDB, Query, Session, Settings, Snapshot, Warehouse
from warehouse import rows
from warehouse.worlds import WORLDS

FEATURES = queries()["customer_features"]
NEVER_HERE = 2**63
"""More lines than any company has: only the queries count."""


def everything_in(query: Query) -> Query:
    text = f"SELECT {', '.join(query.columns)} FROM {query.name} ORDER BY {', '.join(query.key)}"
    return Query("all", "", text, query.grain, query.key, (query.name,), {}, query.columns)


def by_queries(session: Session, as_of: dt.date) -> pa.Table:
    for query in queries().values():
        session.materialise(query, {"as_of": as_of} if query.parameters else None)
    return session.run(everything_in(FEATURES))


def by_kernel(session: Session, as_of: dt.date, **options: int) -> pa.Table:
    assert isinstance(session, LocalSession)
    count = make_customer_features(session, FEATURES, as_of=as_of, **options)
    found = session.run(everything_in(FEATURES))
    assert found.num_rows == count
    return found


def differences(found: pa.Table, right: pa.Table) -> list[tuple[str, str, object, object]]:
    """Customer, column and both values where two tables differ; fractions by more than their last digits."""
    assert found.schema == right.schema
    assert found.column("customer_id").to_pylist() == right.column("customer_id").to_pylist()
    return [
        (customer, name, here, there)
        for name in found.column_names
        for customer, here, there in zip(
            right.column("customer_id").to_pylist(),
            found.column(name).to_pylist(),
            right.column(name).to_pylist(),
            strict=True,
        )
        if here != there and not (here is not None and there is not None and isinstance(there, float)
                                  and math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-9))
    ]  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Iterator[Session]:
    """An engine over an empty warehouse, to which each test gives its tables."""
    path = tmp_path_factory.mktemp("kernel") / "warehouse"
    with (
        Warehouse.create(path, Settings("EUR", "UTC"), at=rows.AT) as warehouse,
        DuckDB(threads=2).bind(warehouse.snapshot()) as bound,
    ):
        yield bound


def give(session: Session, tables: Mapping[str, pa.Table]) -> None:
    for name, table in tables.items():
        session.register(name, table)


def world(lines: list[dict], file: list[dict] | None = None) -> dict[str, pa.Table]:
    """Tables of order lines; everyone in them stands in the customer file."""
    file = file or []
    listed = {row["customer_id"] for row in file}
    found = {rows.order_line(**line)["customer_id"] for line in lines} - {None} - listed
    return {
        "order_lines": rows.order_lines(lines),
        "orders": rows.orders_of(lines),
        "customers": rows.customers([*file, *({"customer_id": each} for each in sorted(found))]),
    }


@pytest.mark.parametrize("as_of", [dt.date(2024, 3, 1), dt.date(2024, 2, 29), dt.date(1583, 1, 1), dt.date(2030, 1, 1)])
@pytest.mark.parametrize("name", WORLDS)
def test_rows_that_have_been_trouble_somewhere_give_the_same_table(session, name, as_of):
    give(session, WORLDS[name])
    assert differences(by_kernel(session, as_of, buckets=3), by_queries(session, as_of)) == []


@settings(max_examples=40)
@given(lines=order_lines, file=customer_files, buckets=st.integers(1, 5), memory_mib=st.sampled_from([0, 64]))
def test_any_rows_give_the_same_table(session, lines, file, buckets, memory_mib):
    give(session, world(lines, file))
    found = by_kernel(session, AS_OF, buckets=buckets, memory_mib=memory_mib)
    assert differences(found, by_queries(session, AS_OF)) == []


def test_customers_with_thousands_of_orders_give_the_same_table(session):
    dice = np.random.default_rng(7)
    lines = [
        {
            "order_id": str(number // 3),
            "customer_id": ("ada", "bo", "eve")[number % 50 % 3],
            "ordered_on": dt.date(2020, 1, 1) + dt.timedelta(days=int(day)),
            "ordered_hour": int(hour),
            "product_id": f"p{product}",
            "category": f"c{product % 17}",
            "amount": int(amount),
            "quantity": Decimal(int(amount) % 9),
        }
        for number, (day, hour, product, amount) in enumerate(
            zip(dice.integers(0, 1600, 4000), dice.integers(0, 24, 4000), dice.integers(0, 300, 4000),
                dice.integers(1, 90_000, 4000), strict=True)
        )
    ]  # fmt: skip
    give(session, world(lines))
    assert differences(by_kernel(session, AS_OF), by_queries(session, AS_OF)) == []


def test_amounts_beyond_exact_squares_have_the_same_spread(session):
    amounts = [1, 3 * 10**12, 5 * 10**17, 7]
    give(
        session, world([{"order_id": str(each), "ordered_on": dt.date(2024, 1, 1), "amount": each} for each in amounts])
    )
    found, right = by_kernel(session, AS_OF), by_queries(session, AS_OF)
    assert differences(found, right) == []
    assert right.column("sd_order_amount")[0].as_py() == pytest.approx(2.5e17, rel=1e-4)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Snapshot:
    """A simulated company, brought in as two files."""
    folder = tmp_path_factory.mktemp("shop")
    company(customers=400, seed=5, dirt=0.1).write(folder / "company")
    lines = (folder / "company" / "orders.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    for place, part in enumerate((lines[1::2], lines[2::2])):
        (folder / f"orders-{place}.csv").write_text("".join([lines[0], *part]), encoding="utf-8")
    files = [folder / "orders-0.csv", folder / "orders-1.csv", folder / "company" / "customers.csv"]
    import_files(files, folder / "warehouse", at=rows.AT)
    with Warehouse.open(folder / "warehouse") as warehouse:
        return warehouse.snapshot()


def last_day(snapshot: Snapshot) -> dt.date:
    days = pq.read_table(snapshot.files("order_lines"), columns=["ordered_on"]).column("ordered_on")
    return max(days.to_pylist())


@pytest.mark.parametrize("days_ago", [-1, 30, 400])
def test_a_simulated_company_has_the_same_features_now_and_in_the_past(shop, days_ago):
    as_of = last_day(shop) - dt.timedelta(days=days_ago)
    with DuckDB(threads=2).bind(shop) as session:
        found = by_kernel(session, as_of, buckets=5)
        assert found.num_rows > 100
        assert differences(found, by_queries(session, as_of)) == []


def test_neither_threads_nor_buckets_nor_memory_nor_row_order_change_a_bit(shop):
    as_of = last_day(shop)
    dice = np.random.default_rng(3)
    tables = {name: pq.read_table(shop.files(name)) for name in ("order_lines", "orders", "customers")}
    found = []
    for threads, buckets, memory_mib in itertools.product((1, 3), (1, 7, 64), (0, 256)):
        with DuckDB(threads=threads).bind(shop) as session:
            if buckets > 1:
                give(session, {name: table.take(dice.permutation(len(table))) for name, table in tables.items()})
            found.append(by_kernel(session, as_of, buckets=buckets, memory_mib=memory_mib))
    assert all(each.equals(found[0]) for each in found)


@pytest.mark.slow
def test_a_real_shop_has_the_same_features(tmp_path):
    file = real_file("online_retail_ii_year1/online_retail_ii_2009_2010.parquet")
    import_files([file], tmp_path / "warehouse", at=rows.AT)
    with Warehouse.open(tmp_path / "warehouse") as warehouse, DuckDB(threads=2).bind(warehouse.snapshot()) as session:
        for as_of in (dt.date(2010, 12, 10), dt.date(2010, 6, 1)):
            found = by_kernel(session, as_of)
            assert found.num_rows > 2_000
            assert differences(found, by_queries(session, as_of)) == []


def test_orders_alike_in_one_hash_are_told_apart_by_the_other():
    """Numbers 7, 8, 7, 8 of one customer, all of the same first hash."""
    records = np.zeros(4, ORDER)
    records["key"] = 99
    records["second_key"] = [7, 8, 7, 8]
    records["on"] = [4, 3, 2, 1]
    records["amount"] = [1, 10, 100, 1000]
    orders, work = np.zeros(4, ORDER), np.zeros((5, 4), np.int64)
    size = compiled(customer_kernels)._merged(records, np.arange(4, dtype=np.int32), orders, work)
    assert sorted(orders[:size][["second_key", "on", "amount"]].tolist()) == [(7, 2, 101), (8, 1, 1010)]


@given(texts=st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=8), max_size=5))
def test_each_text_has_one_code_and_ranks_are_by_bytes(texts):
    codes, seen = TextCodes(), {}
    for each in texts:
        found = codes.of(pa.array(each, pa.string())).tolist()
        assert found.pop() == -1
        assert found == [-1 if text is None else seen.setdefault(text, len(seen)) for text in each]
    assert codes.texts().to_pylist() == list(seen)
    by_bytes = sorted(seen, key=str.encode)
    assert codes.ranks().tolist() == [*(by_bytes.index(text) for text in seen), -1]


def test_many_texts_keep_their_codes_while_the_table_grows():
    codes = TextCodes()
    for start in range(0, 20_000, 1_000):
        texts = pa.array([f"customer {number}" for number in range(start, start + 2_000)])
        assert codes.of(texts)[:-1].tolist() == list(range(start, start + 2_000))
    assert codes.of(pa.array(["customer 1", "nobody"]), add=False).tolist() == [1, -1, -1]


TOO_MUCH = {
    "amounts of lines": [{"ordered_on": dt.date(2024, 1, 1), "amount": 2**62 - 1}] * 2,
    "amounts of orders": [
        {"ordered_on": dt.date(2024, 1, 1), "amount": amount, "product_id": None, "line_kind": "discount"}
        for amount in (2**62, 2**61)
    ],
    "pieces": [
        {"ordered_on": dt.date(2024, 1, 1), "order_id": str(number), "quantity": Decimal("99999999999999")}
        for number in range(5)
    ],
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_goes_beyond_64_bits_is_left_to_the_queries(session, name):
    give(session, world(TOO_MUCH[name]))
    with pytest.raises(Unsuited):
        by_kernel(session, AS_OF)


def test_a_customer_who_stands_twice_in_the_file_is_left_to_the_queries(session):
    give(session, world([], [{"customer_id": "ada"}, {"customer_id": "ada"}]))
    with pytest.raises(Unsuited):
        by_kernel(session, AS_OF)


@pytest.fixture
def always(monkeypatch) -> None:
    """The kernel counts, however small the company."""
    monkeypatch.setattr(customers, "KERNEL_FROM_LINES", 0)


@pytest.mark.usefixtures("always")
def test_the_steps_that_the_kernel_left_out_are_made_when_they_are_read(shop):
    early, late = last_day(shop) - dt.timedelta(days=400), last_day(shop)
    with DuckDB(threads=2).bind(shop) as session:
        for as_of in (early, late, early):
            customer_features(session, as_of=as_of)
            found = [session.run(everything_in(queries()[step])) for step in STEPS[:-1]]
            by_queries(session, as_of)
            right = [session.run(everything_in(queries()[step])) for step in STEPS[:-1]]
            assert [each.equals(other) for each, other in zip(found, right, strict=True)] == [True] * 5


@pytest.mark.usefixtures("always")
def test_a_session_keeps_one_table_of_features_and_nothing_of_the_work(shop):
    with DuckDB(threads=2, memory_limit_mib=100).bind(shop) as session:
        for days_ago in (0, 90, 180):
            rows_now = customer_features(session, as_of=last_day(shop) - dt.timedelta(days=days_ago))
            (kept,) = session.scratch.iterdir()
            assert pq.read_metadata(kept).num_rows == rows_now


@pytest.mark.usefixtures("always")
def test_where_the_kernel_gives_up_the_queries_answer(session):
    lines = [{"order_id": str(n), "ordered_on": dt.date(2024, 1, 1), "quantity": Decimal(9 * 10**13)} for n in range(9)]
    give(session, world(lines))
    progress = Progress()
    with progress.stage("features", total=len(STEPS)) as stage:
        assert customer_features(session, as_of=AS_OF, progress=progress) == 1
    assert stage.done == len(STEPS)
    assert session.run(everything_in(FEATURES)).column("items").to_pylist() == [81e13]


@pytest.mark.usefixtures("always")
def test_progress_ends_where_it_would_with_the_queries(shop):
    progress = Progress()
    with DuckDB(threads=1).bind(shop) as session, progress.stage("features", total=len(STEPS)) as stage:
        customer_features(session, as_of=AS_OF, progress=progress)
    assert stage.done == len(STEPS)


def test_the_main_job_writes_the_same_files(tmp_path, monkeypatch):
    company(customers=150, seed=8).write(tmp_path / "company")
    written = []
    for least in (0, NEVER_HERE):
        monkeypatch.setattr(customers, "KERNEL_FROM_LINES", least)
        out = tmp_path / str(least)
        mined = mine([tmp_path / "company" / "orders.csv"], at=rows.AT)
        write_outputs(mined, out, language="en")
        written.append({path.name: path.read_bytes() for path in out.iterdir() if path.suffix in {".csv", ".parquet"}})
    assert written[0].keys() == written[1].keys() >= {"customers.csv"}
    assert [name for name in written[0] if written[0][name] != written[1][name]] == []
