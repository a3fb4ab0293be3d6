"""The canonical tables are the ones settled, and each says what it holds."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from guanxi import schema, words
from guanxi.errors import SchemaError
from guanxi.schema import ORDER_LINES, TABLES, require_columns

_SETTLED = """
    customers identifiers accounts holdings households products orders order_lines interactions campaigns treatments
    responses offers cases answers texts points balances segment_members scores rejects
    hidden_lines customers_said products_said identifiers_said
"""
SETTLED = _SETTLED.split()

every_table = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)


def test_the_settled_tables_are_there():
    assert list(TABLES) == SETTLED


@every_table
def test_a_key_is_made_of_columns_and_no_column_comes_twice(table):
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert len(set(table.key)) == len(table.key)


@every_table
def test_a_grain_is_said(table):
    assert table.grain
    assert "\n" not in table.grain


@every_table
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_column_has_a_meaning(table, language):
    for column in table.columns:
        assert table.meaning(column.name, language).endswith({"en": ".", "zh": "。"}[language])


def test_no_meaning_is_left_over():
    columns = {column.name for table in TABLES.values() for column in table.columns}
    assert {code.partition(".")[2] for code in words.codes("schema")} == columns


@every_table
def test_names_tell_types(table):
    for column in table.columns:
        if column.name.endswith("_at"):
            assert (column.type, column.unit) == (pa.timestamp("us"), "UTC"), column.name
        if column.name.endswith("_on"):
            assert column.type == pa.date32(), column.name
        if column.unit == "minor units":
            assert column.type == pa.int64(), column.name
            assert "currency" in table.names or table.name == "treatments", "money without a currency"
        if column.name.startswith("is_"):
            assert column.type == pa.bool_(), column.name


@every_table
def test_who_a_row_is_about_is_personal(table):
    for column in table.columns:
        if re.search(r"customer_id|account_id|^name$|born_on|postal_code|^text$", column.name):
            assert column.personal or (table.name, column.name) in {("campaigns", "name"), ("accounts", "household_id")}


@every_table
def test_a_column_that_many_tables_have_is_the_same_in_all(table):
    for column in table.columns:
        for other in TABLES.values():
            if column.name in other.names and column.name not in {"value"}:
                assert other.column(column.name).type == column.type, (table.name, other.name, column.name)


@every_table
def test_an_empty_table_has_the_schema(table):
    assert table.empty().schema == table.arrow
    assert table.empty().num_rows == 0


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(SchemaError) as raised:
        ORDER_LINES.column("ammount")
    assert raised.value.message.parameters["column"] == "ammount"


def test_required_columns_are_checked_by_name_and_type():
    table = pa.table({"a": [1]})
    require_columns(table, {"a": pa.int64()}, of="example")
    with pytest.raises(SchemaError, match=r"has no column b\. It has: a\."):
        require_columns(table, {"b": pa.int64()}, of="example")
    with pytest.raises(SchemaError, match="should be string, but is int64"):
        require_columns(table, {"a": pa.string()}, of="example")


def test_the_version_is_a_whole_number_from_1():
    assert isinstance(schema.VERSION, int)
    assert schema.VERSION >= 1
