"""Kinds of items: what a number or a description speaks of, and which of the two counts."""

from __future__ import annotations

import duckdb
import pytest

from guanxi.intake.items import ITEM_KINDS, item_kind_sql, special_sql


def kind_of(product_id: str | None, description: str | None) -> object:
    with duckdb.connect() as connection:
        special = {role: special_sql(role) for role in ("product_id", "description")}
        query = (
            f"SELECT {item_kind_sql('a', 'b')} FROM (SELECT {special['product_id']} AS a, {special['description']} AS b"
        )
        found = connection.execute(
            f"{query} FROM (SELECT ?::VARCHAR AS product_id, ?::VARCHAR AS description))", [product_id, description]
        ).fetchall()
    return found[0][0]


@pytest.mark.parametrize(
    ("product_id", "description", "kind"),
    [
        ("A1", "Cup", "product"), (None, None, "product"), (None, "Cup", "product"), ("POST", None, "postage"),
        (None, "运费", "postage"), ("POST", "Manual", "postage"), ("M", "Postage", "postage"), ("TEST1", "Postage", "test"),
        ("M", "This is a test product.", "test"), ("POSTER", "Poster", "product"),
    ],
)  # fmt: skip
def test_the_kind_that_is_listed_first_counts(product_id, description, kind):
    assert kind_of(product_id, description) == kind
    assert kind in ITEM_KINDS
