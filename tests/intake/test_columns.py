"""What a column says does not depend on whether its values are read one by one or looked up."""

from __future__ import annotations

from guanxi.intake.columns import columns_sql, raw_name
from guanxi.intake.items import item_kind_sql
from intake.staging import database, mapping, staged

COLUMNS = "order customer sku name day qty price"
ROLES = ("order_id", "customer_id", "product_id", "description", "ordered_at", "quantity", "unit_price")
MAPPING = mapping(**dict(zip(ROLES, COLUMNS.split(), strict=True)))
READ = (*ROLES, *(raw_name(role) for role in ROLES), "special_id", "special_text")
NASTY = [
    ("1001", "7", "A1", "Cup", "2024-03-05", "2", "3.50"),
    ('="00123"', " 8 ", "Ａ１", "  Two \t cups", "2024年3月5日 14:05", "1,000", "￥3.50"),
    ("C9", "17850.0", "POST", "Postage", "05/03/2024", "(3)", "1.2万"),
    ("-", "N/A", None, "无", "yesterday", "two", ""),
    (None, None, None, None, None, None, None),
]


def read(folder, rows, columns=COLUMNS, how=MAPPING, timezone="Asia/Shanghai", wanted=READ):
    connection = database(folder)
    query = columns_sql(connection, str(staged(folder, columns, rows).path), how, timezone=timezone)
    found = connection.execute(f"SELECT {', '.join(wanted)} FROM ({query}) ORDER BY source_row").fetchall()
    looked_up = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    return found, looked_up


def test_values_that_repeat_are_looked_up_and_mean_the_same(tmp_path):
    alone, looked_up = read(tmp_path, NASTY)
    assert looked_up == []
    often, looked_up = read(tmp_path, NASTY * 8)
    assert {f"values_of_{role}" for role in ROLES} <= set(looked_up)
    assert often == alone * 8


def test_only_columns_of_few_values_are_looked_up(tmp_path):
    rows = [(str(number), "7", "A1", "Cup", "2024-03-05", "2", "3.50") for number in range(100)]
    found, looked_up = read(tmp_path, rows)
    assert "values_of_product_id" in looked_up
    assert "values_of_order_id" not in looked_up
    assert [row[0] for row in found] == [str(number) for number in range(100)]


def test_a_day_and_its_time_are_read_together(tmp_path):
    how = mapping(ordered_at="day", ordered_time="clock", amount="total")
    rows = [("2024-03-05", "14:05", "1"), ("2024-03-05", "09:30", "1")] * 8
    found, looked_up = read(tmp_path, rows, "day clock total", how, "UTC", ("CAST(ordered_at AS VARCHAR)", "amount"))
    assert "values_of_amount" in looked_up
    assert "values_of_ordered_at" not in looked_up
    assert [time for time, _ in found[:2]] == ["2024-03-05 14:05:00", "2024-03-05 09:30:00"]


def test_columns_may_be_named_like_ours(tmp_path):
    how = mapping(ordered_at="amount", product_id="special_id", description="product_id", amount="ordered_at")
    rows = [("2024-03-05", "POST", "Cup", "12")] * 8
    wanted = ("product_id", "description", "amount", item_kind_sql("special_id", "special_text"))
    found, _ = read(tmp_path, rows, "amount special_id product_id ordered_at", how, "UTC", wanted)
    assert [(product, name, int(amount), kind) for product, name, amount, kind in found] == [
        ("POST", "Cup", 12, "postage")
    ] * 8
