"""The methods of the textbooks give what the fast search gives, to the order of the arrays."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import SettingError
from guanxi.mining.association import frequent_itemsets
from mining.association.brute_force import as_dictionary, basket_table, baskets_of, frequent

methods = pytest.mark.parametrize("method", ["apriori", "fpgrowth", "eclat"])


def same(one, other):
    assert one.to_table() == other.to_table()
    assert one.parent.tolist() == other.parent.tolist()
    assert one.item.tolist() == other.item.tolist()
    assert one.messages == other.messages


@methods
@given(baskets=baskets_of(7), min_count=st.integers(1, 5))
def test_each_method_finds_all(method, baskets, min_count):
    found = frequent_itemsets(basket_table(baskets), min_support=min_count, method=method)
    assert as_dictionary(found) == frequent(baskets, min_count)


@methods
@given(
    baskets=baskets_of(7),
    settings=st.fixed_dictionaries(
        {},
        optional={
            "max_length": st.integers(1, 4),
            "top_k": st.integers(1, 30),
            "max_sets": st.integers(1, 60),
            "kind": st.sampled_from(["all", "closed", "maximal"]),
        },
    ),
)
def test_each_method_obeys_the_settings_alike(method, baskets, settings):
    table = basket_table(baskets)
    same(
        frequent_itemsets(table, min_support=2, method=method, **settings),
        frequent_itemsets(table, min_support=2, **settings),
    )


@methods
def test_each_method_finds_what_the_grocery_sells(real_data, method):
    table = pq.read_table(real_data / "groceries" / "groceries_long.parquet")
    same(frequent_itemsets(table, min_support=0.01, method=method), frequent_itemsets(table, min_support=0.01))


def test_another_method_is_an_error():
    with pytest.raises(SettingError) as raised:
        frequent_itemsets(basket_table([{1, 2}]), min_support=1, method="magic")
    assert raised.value.message.parameters["name"] == "method"
