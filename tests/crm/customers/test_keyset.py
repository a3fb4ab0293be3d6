"""Paging visits each record once, in order, forwards and backwards, with ties and empty values."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.keyset import Order, count_up_to, page_of, page_of_keys
from guanxi_crm.customers.current import CurrentKey
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PATHS = ("pk", "current__amount", "created_at", "name")


def company(amounts: list[int | None], *, without_row: int = 0) -> None:
    Customer.objects.all().delete()
    version, _ = ScoreVersion.objects.get_or_create(is_current=True, defaults={"as_of": NOW.date(), "snapshot_id": 1})
    people = Customer.objects.bulk_create(
        Customer(
            number=f"C{at}", name="王" if at % 3 else "", created_at=NOW + dt.timedelta(days=at % 4), updated_at=NOW
        )
        for at in range(len(amounts) + without_row)
    )
    CustomerScores.objects.bulk_create(
        CustomerScores(scored=version, customer=each, amount=amount)
        for each, amount in zip(people, amounts, strict=False)
    )


def walk(order: Order, size: int) -> tuple[list[list[int]], list[list[int]]]:
    """The pages forwards, and then back from the last one."""
    records = Customer.objects.values(*PATHS)
    page = page_of(records, order, size=size)
    forwards = [[each["pk"] for each in page.records]]
    while page.next:
        page = page_of(records, order, size=size, cursor=page.next)
        forwards.append([each["pk"] for each in page.records])
    backwards = [[each["pk"] for each in page.records]]
    while page.previous:
        page = page_of(records, order, size=size, cursor=page.previous)
        backwards.append([each["pk"] for each in page.records])
    return forwards, backwards


@settings(max_examples=40)
@given(
    amounts=st.lists(st.none() | st.integers(-2, 2), max_size=14),
    without_row=st.integers(0, 3),
    size=st.integers(1, 6),
    descending=st.booleans(),
    column=st.sampled_from(["current__amount", "created_at", "name", "pk"]),
    own_key=st.booleans(),
)
def test_every_record_is_on_one_page_in_order(amounts, without_row, size, descending, column, own_key):
    company(amounts, without_row=without_row)
    rows = list(Customer.objects.values(*PATHS))
    valued = [row for row in rows if row[column] is not None]
    empty = [row for row in rows if row[column] is None]
    expected = [
        row["pk"]
        for part, by in ((valued, lambda row: (row[column], row["pk"])), (empty, lambda row: row["pk"]))
        for row in sorted(part, key=by, reverse=descending)
    ]

    tie = CurrentKey() if own_key and column == "current__amount" else None
    forwards, backwards = walk(Order(column, descending, tie=tie), size)

    assert [key for page in forwards for key in page] == expected
    # Pages read backwards are full from the end on, so the first may be a short one.
    assert [key for page in reversed(backwards) for key in page] == expected
    assert all(len(page) == size for page in forwards[:-1])


def test_a_page_takes_two_queries_at_most(django_assert_max_num_queries):
    company([1, None, 2, None])
    with django_assert_max_num_queries(2):
        assert len(page_of(Customer.objects.values(*PATHS), Order("current__amount"), size=10).records) == 4


@pytest.mark.parametrize("column", ["current__amount", "created_at", "pk"])
@pytest.mark.parametrize(
    "content",
    ["[]", "[1, null, 0]", "[1, [2], 0]", '[{"a": 1}, 2, 0]', "[1, 1e400, 0]", f"[{2**70}, 1, 0]", f"[1, {2**70}, 0]",
     '["x", "y", 0]', "[true, 1, 0]", "no json"],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(column, content):
    company([1, 2])
    cursor = base64.urlsafe_b64encode(content.encode()).decode()
    with pytest.raises(RuleBroken):
        page_of(Customer.objects.values(*PATHS), Order(column), size=1, cursor=cursor)


@pytest.mark.parametrize("cursor", ["%", "====", "é", "a" * 5])
def test_a_cursor_that_is_no_cursor_is_refused(cursor):
    with pytest.raises(RuleBroken):
        page_of(Customer.objects.values(*PATHS), Order("pk"), size=1, cursor=cursor)


def test_keys_of_an_index_are_paged_alike():
    keys = list(range(1, 8))

    def read(beyond: int | None, upwards: bool, limit: int) -> list[int]:
        if upwards:
            return [key for key in keys if key > (beyond or 0)][:limit]
        return [key for key in reversed(keys) if beyond is None or key < beyond][:limit]

    page = page_of_keys(read, size=3)
    pages = [page.records]
    while page.next:
        page = page_of_keys(read, size=3, cursor=page.next)
        pages.append(page.records)
    assert pages == [[7, 6, 5], [4, 3, 2], [1]]
    page = page_of_keys(read, size=3, cursor=page.previous)
    assert page.records == [4, 3, 2]
    page = page_of_keys(read, size=3, cursor=page.previous)
    assert (page.records, page.previous) == ([7, 6, 5], None)
    with pytest.raises(RuleBroken):
        page_of_keys(read, size=3, cursor=base64.urlsafe_b64encode(json.dumps(["a", "b", 0]).encode()).decode())


def test_counting_stops_at_the_limit():
    company([1] * 5)
    assert count_up_to(Customer.objects.all(), limit=3) == 4
    assert count_up_to(Customer.objects.all(), limit=5) == 5


def test_a_customer_without_scores_has_no_current_ones():
    company([7], without_row=1)
    scored, unscored = Customer.objects.order_by("pk")
    assert scored.current.amount == 7
    assert unscored.current is None
    ScoreVersion.objects.update(is_current=False)
    ScoreVersion.objects.create(is_current=True, as_of=timezone.localdate(), snapshot_id=2)
    assert list(Customer.objects.filter(current__amount=7)) == []
