"""Sequences: by brute force, by hand, and at the edges."""

from __future__ import annotations

import datetime as dt
import random
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import frequent_sequences, what_follows

START = dt.date(2026, 1, 1)
Sequence = tuple[frozenset, ...]


def purchases(customers: list[dict[int, set]]) -> pa.Table:
    """One row per customer, day and item; a customer without any is a row without an item."""
    rows = [
        (number, START + dt.timedelta(days=day), item)
        for number, baskets in enumerate(customers)
        for day, items in (baskets or {0: set()}).items()
        for item in (items or {None})
    ]
    customer, at, item = zip(*rows, strict=True)
    return pa.table({"customer": customer, "at": pa.array(at, pa.date32()), "item": pa.array(item, pa.int64())})


def last_waits(baskets: dict[int, set], sequence: Sequence, min_gap: int, max_gap: int) -> dict[int, int | None]:
    """The days on which a customer's baskets complete the sequence, with the days since the basket before."""
    ends: dict[int, int | None] = {day: None for day, items in baskets.items() if sequence[0] <= items}
    for element in sequence[1:]:
        reached = {}
        for day, items in baskets.items():
            waits = [day - before for before in ends if min_gap <= day - before <= max_gap]
            if element <= items and waits:
                reached[day] = min(waits)
        ends = reached
    return ends


def frequent(customers, min_count, min_gap, max_gap, longest) -> dict[Sequence, tuple[int, float | None]]:
    """Every sequence, with its customers and the median wait, by trying all."""
    items = sorted({item for baskets in customers for one in baskets.values() for item in one})
    elements = [frozenset(e for e, taken in zip(items, mask, strict=True) if taken)
                for mask in product((0, 1), repeat=len(items)) if any(mask)]  # fmt: skip
    found, level = {}, [()]
    while level:
        longer = []
        for sequence in [(*start, element) for start in level for element in elements]:
            if sum(map(len, sequence)) > longest:
                continue
            ends = [last_waits(baskets, sequence, min_gap, max_gap) for baskets in customers]
            waits = [each[min(each)] for each in ends if each]
            if len(waits) >= min_count:
                found[sequence] = (len(waits), None if waits[0] is None else float(np.median(waits)))
                longer.append(sequence)
        level = longer
    return found


def as_dictionary(table: pa.Table) -> dict[Sequence, tuple[int, float | None]]:
    rows = table.to_pylist()
    found = {tuple(map(frozenset, row["sequence"])): (row["customers"], row["days_median"]) for row in rows}
    assert len(found) == len(rows)
    return found


days = st.dictionaries(st.integers(0, 8), st.sets(st.integers(0, 2), max_size=3), max_size=4)


@given(
    customers=st.lists(days, min_size=1, max_size=5), min_count=st.integers(1, 3),
    min_gap=st.integers(1, 3), span=st.integers(0, 5), longest=st.integers(1, 3),
)  # fmt: skip
def test_all_sequences_within_the_gaps_are_found_with_their_customers_and_days(
    customers, min_count, min_gap, span, longest
):
    found = frequent_sequences(
        purchases(customers), min_support=min_count, min_gap_days=min_gap, max_gap_days=min_gap + span,
        max_length=longest,
    )  # fmt: skip
    assert as_dictionary(found.to_table()) == frequent(customers, min_count, min_gap, min_gap + span, longest)
    assert found.customers == len(customers)


@given(customers=st.lists(days, min_size=1, max_size=5), min_count=st.integers(2, 3))
def test_without_a_limit_any_later_day_will_do(customers, min_count):
    found = frequent_sequences(purchases(customers), min_support=min_count, max_length=4)
    assert as_dictionary(found.to_table()) == frequent(customers, min_count, 1, 99, 4)


def test_a_step_that_has_to_be_repeated_to_be_in_time_is_seen():
    # Bread on day 0 and 20; only from the second is jam within ten days. The first place alone would miss it.
    customers = [{0: {1}, 20: {1}, 25: {2}}] * 3
    found = as_dictionary(frequent_sequences(purchases(customers), min_support=3, max_gap_days=10).to_table())
    assert found[frozenset({1}), frozenset({2})] == (3, 5.0)
    assert (frozenset({1}), frozenset({1})) not in found


def test_what_follows_a_printer():
    # Ink after 5, 10 and 30 days; one printer without ink; two who buy ink alone; four who buy neither.
    customers = [{0: {1}, 5: {2}}, {0: {1}, 10: {2}}, {0: {1}, 30: {2, 3}}, {0: {1}}, {0: {2}}, {0: {2}}, *[{}] * 4]
    found = what_follows(frequent_sequences(purchases(customers), min_support=3)).to_pylist()
    assert len(found) == 1
    before, then = found[0].pop("before"), found[0].pop("then")
    assert (before, then) == ([[1]], [2])
    assert found[0] == pytest.approx(
        {
            "customers": 3, "before_customers": 4, "then_customers": 5, "support": 0.3,
            "confidence": 0.75, "lift": 1.5, "days_p25": 7.5, "days_median": 10.0, "days_p75": 20.0,
            # Wilson's interval of 3 of 4, as in R's binom.confint(3, 4, method = "wilson").
            "confidence_low": 0.3006418, "confidence_high": 0.9544127,
        },
        abs=1e-7,
    )  # fmt: skip


def test_what_follows_may_be_several_items_after_several_baskets():
    customers = [{0: {1, 2}, 3: {1}, 9: {2, 3}}] * 2
    found = what_follows(frequent_sequences(purchases(customers), min_support=2), min_confidence=1.0).to_pylist()
    assert {"before": [[1, 2], [1]], "then": [2, 3], "days_median": 6.0}.items() <= next(
        row for row in found if (row["before"], row["then"]) == ([[1, 2], [1]], [2, 3])
    ).items()
    assert what_follows(frequent_sequences(purchases([{0: {1}}]), min_support=1)).num_rows == 0


def test_one_day_is_one_basket_whatever_the_hour():
    at = [dt.datetime(2026, 1, 1, 8), dt.datetime(2026, 1, 1, 20), dt.datetime(2026, 1, 2, 1)]
    table = pa.table({"customer": ["a"] * 3, "at": at, "item": ["tea", "cup", "tea"]})
    found = frequent_sequences(table, min_support=1).to_table()["sequence"].to_pylist()
    assert [["cup", "tea"], ["tea"]] in found
    assert [["tea"], ["cup"]] not in found


def test_the_order_of_the_rows_does_not_matter_and_chinese_names_come_back():
    table = pa.table({
        "customer": ["李", "李", "王", "王", "王"],
        "at": [START + dt.timedelta(days=each) for each in (0, 4, 1, 3, 3)],
        "item": ["茶", "杯", "茶", "杯", "杯"],
    })  # fmt: skip
    straight, other = (
        frequent_sequences(each, min_support=2).to_table() for each in (table, table.take([4, 2, 0, 3, 1]))
    )
    assert straight == other
    assert straight.to_pylist()[-1] | {"support": 1.0} == {
        "sequence": [["茶"], ["杯"]], "length": 2, "customers": 2, "support": 1.0,
        "days_p25": 2.5, "days_median": 3.0, "days_p75": 3.5,
    }  # fmt: skip


@given(customers=st.lists(days, min_size=2, max_size=8), most=st.integers(1, 40))
def test_a_cap_keeps_the_most_frequent_and_says_so(customers, most):
    def in_order(counts):
        return sorted((-count, sum(map(len, sequence))) for sequence, (count, _) in counts.items())

    everything = frequent(customers, 1, 1, 99, 4)
    found = frequent_sequences(purchases(customers), min_support=1, max_length=4, max_sets=most)
    kept = as_dictionary(found.to_table())
    assert kept.items() <= everything.items()
    assert in_order(kept) == in_order(everything)[: len(kept)]
    assert bool(found.messages) == (len(everything) > most)
    if found.messages:
        assert len(kept) <= most
        complete = found.messages[0].parameters["complete"]
        assert {sequence for sequence, (count, _) in everything.items() if count >= complete} <= set(kept)


def test_a_cap_reached_again_and_again_leaves_the_same_as_one_reached_at_the_end():
    dice = random.Random(3)  # noqa: S311
    customers = [
        {day: {int(dice.paretovariate(1)) % 12 for _ in range(3)} for day in dice.sample(range(60), 6)}
        for _ in range(300)
    ]
    everything = frequent_sequences(purchases(customers), min_support=6)
    found = frequent_sequences(purchases(customers), min_support=6, max_sets=300)
    assert len(everything) > 5000
    order = sorted(zip(-everything.support, everything.length.tolist(), strict=True))
    assert sorted(zip(-found.support, found.length.tolist(), strict=True)) == order[: len(found)]
    assert as_dictionary(found.to_table()).items() <= as_dictionary(everything.to_table()).items()


def test_a_table_that_cannot_be_read_is_an_error():
    table = purchases([{0: {1}}])
    with pytest.raises(SchemaError) as no_column:
        frequent_sequences(table.drop_columns(["at"]), min_support=1)
    assert no_column.value.message.parameters["column"] == "at"
    with pytest.raises(SchemaError) as no_date:
        frequent_sequences(table.set_column(1, "at", pa.array([3])), min_support=1)
    assert no_date.value.code == "association.not_a_date"
    with pytest.raises(DataError) as no_rows:
        frequent_sequences(table[:0], min_support=1)
    assert no_rows.value.code == "association.no_baskets"
    with pytest.raises(DataError) as no_value:
        frequent_sequences(table.set_column(0, "customer", pa.nulls(1, pa.int64())), min_support=1)
    assert no_value.value.message.parameters["column"] == "customer"


@pytest.mark.parametrize(
    "setting",
    [{"min_gap_days": 0}, {"max_gap_days": 0}, {"min_gap_days": 5, "max_gap_days": 4}, {"max_sets": 0},
     {"min_support": 0}, {"min_support": 1.5}],
)  # fmt: skip
def test_a_setting_out_of_range_is_an_error(setting):
    with pytest.raises(SettingError):
        frequent_sequences(purchases([{0: {1}}]), **{"min_support": 1, **setting})


def test_a_confidence_above_one_is_an_error():
    with pytest.raises(SettingError):
        what_follows(frequent_sequences(purchases([{0: {1}}]), min_support=1), min_confidence=2)
