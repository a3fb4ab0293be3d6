"""Customer features against plain loops, by hand, and against the future; by the queries and by the kernel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import reference
from features.drawn import AS_OF, customer_files, days, order_line, order_lines
from guanxi import words
from guanxi.features import customer_features
from guanxi.features.customers import STEPS, queries
from guanxi.features.kernel import make_customer_features
from guanxi.progress import Progress
from guanxi.warehouse import DuckDB, Session, Settings, Warehouse
from guanxi.warehouse.sql import parse_query
from warehouse import rows

LEAP_DAY = dt.date(2024, 2, 29)
COLUMNS = queries()["customer_features"].columns
ALL = parse_query(
    "all",
    "-- All.\n-- grain: one customer\n-- key: customer_id\n-- tables: customer_features\n-- parameters: -\n"
    f"-- columns: {', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}\n"
    f"SELECT {', '.join(COLUMNS)} FROM customer_features ORDER BY customer_id",
)
ARROW = {
    "string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
}  # fmt: skip

Features = Callable[..., dict[str, dict[str, object]]]


def by_kernel(session: Session, *, as_of: dt.date) -> int:
    return make_customer_features(session, queries()["customer_features"], as_of=as_of)


@pytest.fixture(scope="module", params=[customer_features, by_kernel])
def table(request, tmp_path_factory) -> Iterator[Callable[..., pa.Table]]:
    """The features as a table, from order lines and customers; one engine serves all tests of the module."""
    path = tmp_path_factory.mktemp("features") / "warehouse"
    with (
        Warehouse.create(path, Settings("EUR", "UTC"), at=rows.AT) as warehouse,
        DuckDB(threads=2).bind(warehouse.snapshot()) as session,
    ):

        def made(lines: list[dict], customers: list[dict] | None = None, *, as_of: dt.date = AS_OF) -> pa.Table:
            session.register("order_lines", rows.order_lines(lines))
            session.register("orders", rows.orders_of(lines))
            session.register("customers", rows.customers(_customers(lines) if customers is None else customers))
            count = request.param(session, as_of=as_of)
            found = session.run(ALL)
            assert found.num_rows == count
            return found

        yield made


@pytest.fixture
def features(table) -> Features:
    """The features by customer."""
    return lambda *given, **options: {row["customer_id"]: row for row in table(*given, **options).to_pylist()}


def _customers(lines: list[dict]) -> list[dict]:
    """The customers that a load makes of order lines: everyone in them."""
    found = {rows.order_line(**line)["customer_id"] for line in lines} - {None}
    return [{"customer_id": customer} for customer in sorted(found)]


def agree(found: dict[str, dict], right: dict[str, dict]) -> None:
    assert found.keys() == right.keys()
    for customer, row in right.items():
        assert found[customer].keys() == row.keys()
        for name, value in row.items():
            # Two ways to add fractions up may end in different last digits; all else is exact.
            expected = pytest.approx(value, rel=1e-12, abs=1e-9) if isinstance(value, float) else value
            assert found[customer][name] == expected, (customer, name)


def known(lines: list[dict], file: list[dict]) -> list[dict]:
    return [
        *file,
        *(each for each in _customers(lines) if each["customer_id"] not in {row["customer_id"] for row in file}),
    ]


@settings(max_examples=40)
@given(lines=order_lines, file=customer_files)
def test_all_columns_agree_with_plain_loops(features, lines, file):
    customers = known(lines, file)
    right = reference.customer_features(lines, customers, as_of=AS_OF)
    agree(features(lines, customers), right)
    assert all(row.keys() == COLUMNS.keys() for row in right.values())


@settings(max_examples=40)
@given(
    lines=order_lines,
    later=st.lists(order_line(days.filter(lambda day: day >= AS_OF)), max_size=10),
    file=customer_files,
)
def test_what_happens_on_or_after_the_date_changes_nothing(features, lines, later, file):
    past = [line for line in lines if line["ordered_on"] < AS_OF]
    # Of a customer without any date, a first order in the future says that he was not there yet.
    dated = [each for each in file if each["joined_on"] is not None]
    customers = known([*past, *later], dated)
    assert features([*past, *later], customers) == features(past, [
        each for each in customers if each["customer_id"] in {row["customer_id"] for row in known(past, dated)}
    ])  # fmt: skip


@settings(max_examples=40)
@given(lines=order_lines, file=customer_files, data=st.data())
def test_the_order_of_the_rows_does_not_matter(features, lines, file, data):
    customers = known(lines, file)
    assert features(data.draw(st.permutations(lines)), data.draw(st.permutations(customers))) == features(
        lines, customers
    )


def test_the_columns_have_the_types_that_the_header_declares(table):
    found = table([{"ordered_on": LEAP_DAY}])
    assert {name: found.schema.field(name).type for name in found.column_names} == {
        name: ARROW[kind] for name, kind in COLUMNS.items()
    }


def test_every_column_has_a_label_and_a_meaning():
    assert {f"features.{name}{end}" for name in COLUMNS for end in ("", "_meaning")} == set(words.codes("features"))


def test_a_customer_of_a_few_orders_by_hand(table):
    lines = [
        # Two orders on the leap day (a Thursday), at midnight and at noon; one a year before; one return.
        {
            "order_id": "1",
            "ordered_on": dt.date(2023, 3, 1),
            "ordered_hour": 9,
            "amount": 1000,
            "quantity": 2,
            "category": "drinks",
        },
        {
            "order_id": "2",
            "ordered_on": LEAP_DAY,
            "ordered_hour": 0,
            "amount": 300,
            "product_id": "cup",
            "category": "china",
        },
        {
            "order_id": "2",
            "ordered_on": LEAP_DAY,
            "ordered_hour": 0,
            "amount": 200,
            "product_id": "post",
            "item_kind": "postage",
        },
        {
            "order_id": "3",
            "ordered_on": LEAP_DAY,
            "ordered_hour": 12,
            "amount": 500,
            "country": "CN",
            "category": "drinks",
        },
        {
            "order_id": "C1",
            "ordered_on": LEAP_DAY,
            "ordered_hour": 13,
            "amount": -400,
            "quantity": -1,
            "line_kind": "return",
        },
    ]
    (row,) = table(lines).to_pylist()
    right = {
        "customer_id": "ada",
        "country": "CN",
        "first_order_at": dt.datetime(2023, 3, 1, 9),
        "last_order_at": dt.datetime(2024, 2, 29, 12),
        "first_order_on": dt.date(2023, 3, 1),
        "last_order_on": LEAP_DAY,
        "days_since_last_order": 1,
        "tenure_days": 366,
        "orders": 3,
        "order_days": 2,
        "frequency": 1,
        "recency_days": 365.0,
        "age_days": 366.0,
        "amount": 2000,
        "returns_amount": 400,
        "return_share": 0.2,
        "returns": 1,
        "items": 4.0,
        "sale_lines": 4,
        "mean_order_amount": 2000 / 3,
        "sd_order_amount": pytest.approx((250_000 / 3) ** 0.5),  # of 1000, 500, 500
        "max_order_amount": 1000,
        "mean_order_items": 4 / 3,
        "mean_days_between_orders": 365.0,
        "sd_days_between_orders": None,
        "median_days_between_orders": 365.0,
        "max_days_between_orders": 365,
        "days_to_second_order": 365,
        "orders_30d": 2,
        "orders_90d": 2,
        "orders_180d": 2,
        "orders_365d": 2,
        "amount_30d": 1000,
        "amount_90d": 1000,
        "amount_180d": 1000,
        "amount_365d": 1000,
        "amount_trend": 1.0,
        "distinct_products": 2,
        "distinct_categories": 2,
        "top_product_id": "tea",
        "top_product_share": 1500 / 1800,
        "top_category": "drinks",
        "top_category_share": 1500 / 1800,
        "weekend_share": 0.0,
        "usual_weekday": 3,
        "night_share": 1 / 3,
        "morning_share": 1 / 3,
        "afternoon_share": 1 / 3,
        "evening_share": 0.0,
    }
    assert row == right
    assert list(row) == list(COLUMNS)


def test_nobody_gives_an_empty_table(table):
    found = table([])
    assert (found.num_rows, found.column_names) == (0, list(COLUMNS))


def test_a_line_without_a_customer_makes_no_customer(features):
    assert features([{"customer_id": None}]) == {}


def test_the_day_before_counts_and_the_day_itself_does_not(features):
    lines = [
        {"order_id": "1", "ordered_on": LEAP_DAY, "ordered_hour": 23, "amount": 100},
        {"order_id": "2", "ordered_on": AS_OF, "ordered_hour": 0, "amount": 900},
    ]
    found = features(lines)["ada"]
    assert (found["orders"], found["amount"], found["days_since_last_order"]) == (1, 100, 1)


def test_who_will_first_appear_later_is_not_there_yet(features):
    assert features([{"ordered_on": AS_OF}]) == {}


def test_who_only_stands_in_the_customer_file_has_no_purchase_yet(features):
    found = features([], [{"customer_id": "dora", "country": "FR"}])["dora"]
    assert {name for name, value in found.items() if value is not None} == {
        "customer_id", "country", "orders", "order_days", "amount", "returns_amount", "returns", "items", "sale_lines",
        "orders_30d", "orders_90d", "orders_180d", "orders_365d", "amount_30d", "amount_90d", "amount_180d", "amount_365d",
        "distinct_products", "distinct_categories",
    }  # fmt: skip
    assert (found["orders"], found["amount"]) == (0, 0)


def test_who_joined_before_the_date_is_there_even_if_the_first_order_comes_later(features):
    lines = [{"customer_id": "dora", "ordered_on": AS_OF}]
    assert features(lines, [{"customer_id": "dora", "joined_on": LEAP_DAY}])["dora"]["orders"] == 0
    assert features(lines, [{"customer_id": "dora", "joined_on": AS_OF}]) == {}


def test_who_only_returned_something_has_no_purchase_yet(features):
    found = features([{"line_kind": "return", "amount": -500, "ordered_on": LEAP_DAY}])["ada"]
    assert (found["orders"], found["amount"], found["returns_amount"], found["returns"]) == (0, 0, 500, 1)
    assert (found["first_order_on"], found["return_share"], found["max_order_amount"]) == (None, None, None)


def test_a_discount_on_an_order_of_its_own_does_not_disturb_the_spread(features):
    lines = [{"order_id": str(number), "ordered_on": LEAP_DAY, "amount": 100} for number in (1, 2)]
    lines += [
        {
            "order_id": f"D{number}",
            "ordered_on": LEAP_DAY,
            "amount": -90,
            "line_kind": "discount",
            "item_kind": "discount",
        }
        for number in range(9)
    ]
    found = features(lines)["ada"]
    assert (found["orders"], found["sd_order_amount"], found["amount"]) == (2, 0.0, -610)


def test_ties_go_to_the_id_that_sorts_first_and_to_the_earlier_weekday(features):
    lines = [
        {"order_id": "1", "ordered_on": dt.date(2024, 2, 25), "product_id": "tea"},  # a Sunday
        {"order_id": "2", "ordered_on": dt.date(2024, 2, 26), "product_id": "cup"},  # a Monday
    ]
    found = features(lines)["ada"]
    assert (found["top_product_id"], found["top_product_share"]) == ("cup", 0.5)
    assert (found["usual_weekday"], found["weekend_share"]) == (0, 0.5)


def test_dates_without_hours_give_no_habits_of_the_day(features):
    found = features([{"ordered_on": LEAP_DAY, "ordered_hour": None}])["ada"]
    assert [found[f"{part}_share"] for part in ("night", "morning", "afternoon", "evening")] == [None] * 4


def test_large_amounts_do_not_overflow(features):
    lines = [{"order_id": str(number), "ordered_on": LEAP_DAY, "amount": 10**15 + number} for number in range(3)]
    found = features(lines)["ada"]
    assert found["amount"] == 3 * 10**15 + 3
    assert found["sd_order_amount"] == pytest.approx(1.0)


def test_progress_moves_once_a_step(warehouse):
    progress = Progress()
    with DuckDB(threads=1).bind(warehouse.snapshot()) as session, progress.stage("features", total=len(STEPS)) as stage:
        assert customer_features(session, as_of=AS_OF, progress=progress) == 0
    assert stage.done == len(STEPS)
