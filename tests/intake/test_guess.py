"""The guess on real files, on the exports of shops and marketplaces, and without any names."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import real_file
from guanxi.intake.guess import guess


def staged(tmp_path: Path, name: str) -> Path:
    """A file of the real data as the readers stage it: all text."""
    source = real_file(name)
    read = f"read_csv('{source}', all_varchar = true)" if source.suffix == ".csv" else f"read_parquet('{source}')"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT COLUMNS(*)::VARCHAR FROM {read}) TO '{tmp_path / 'staged.parquet'}' (FORMAT parquet)"
        )
    return tmp_path / "staged.parquet"


def without_names(path: Path) -> tuple[pa.Table, dict[str, str]]:
    table = pq.read_table(path)
    blank = [f"column_{place + 1}" for place in range(table.num_columns)]
    return table.rename_columns(blank), dict(zip(blank, table.column_names, strict=True))


RETAIL = "online_retail_ii_year1/online_retail_ii_2009_2010.parquet"
SUPERSTORE = "superstore_us/superstore.parquet"


def test_the_real_shop_is_read_without_a_mapping(tmp_path: Path) -> None:
    guessed = guess(staged(tmp_path, RETAIL), source="retail.parquet")
    assert guessed.kind == "orders"
    assert guessed.roles == {
        "customer_id": "CustomerID",
        "order_id": "Invoice",
        "product_id": "StockCode",
        "description": "Description",
        "ordered_at": "InvoiceDate",
        "quantity": "Quantity",
        "unit_price": "Price",
        "country": "Country",
    }
    assert guessed.confidence > 0.8
    assert guessed.notes == ()


def test_superstore_takes_the_order_date_and_leaves_row_id_ship_date_and_postal_code(tmp_path: Path) -> None:
    guessed = guess(staged(tmp_path, SUPERSTORE), source="superstore.parquet")
    assert guessed.roles == {
        "customer_id": "Customer ID",
        "order_id": "Order ID",
        "product_id": "Product ID",
        "description": "Product Name",
        "category": "Category",
        "ordered_at": "Order Date",
        "quantity": "Quantity",
        "amount": "Sales",
        "discount": "Discount",
        "profit": "Profit",
        "country": "Country",
        "region": "Region",
        "city": "City",
        "customer_name": "Customer Name",
    }
    assert guessed.file_mapping().columns["ordered_at"].format == "month_first"
    assert [note.code for note in guessed.notes] == ["mapping.cost_from_profit"]


@pytest.mark.parametrize("name", ["cdnow/cdnow_master.parquet", "cdnow/cdnow_sample.csv"])
def test_cdnow_has_no_order_number_and_the_guess_says_so(tmp_path: Path, name: str) -> None:
    guessed = guess(staged(tmp_path, name), source=name)
    assert guessed.roles == {
        "customer_id": "customer_id",
        "ordered_at": "date",
        "quantity": "number_of_cds",
        "amount": "dollar_value",
    }
    assert [note.code for note in guessed.notes] == ["mapping.no_order_column"]


def test_the_real_shop_is_read_even_without_names(tmp_path: Path) -> None:
    table, names = without_names(staged(tmp_path, RETAIL))
    guessed = guess(table, source="retail.csv")
    assert {role: names[column] for role, column in guessed.roles.items()} == {
        "customer_id": "CustomerID",
        "order_id": "Invoice",
        "product_id": "StockCode",
        "description": "Description",
        "ordered_at": "InvoiceDate",
        "quantity": "Quantity",
        "unit_price": "Price",
        "country": "Country",
    }
    assert guessed.confidence < 0.75


def test_superstore_without_names_still_gives_what_is_needed(tmp_path: Path) -> None:
    table, names = without_names(staged(tmp_path, SUPERSTORE))
    roles = {role: names[column] for role, column in guess(table, source="s.csv").roles.items()}
    wanted = {"customer_id": "Customer ID", "order_id": "Order ID", "ordered_at": "Order Date", "amount": "Sales"}
    assert wanted.items() <= roles.items()


def test_the_same_file_gives_the_same_guess(tmp_path: Path) -> None:
    path = staged(tmp_path, SUPERSTORE)
    assert guess(path, source="s") == guess(path, source="s")


def lines(count: int = 200, seed: int = 1) -> list[dict[str, object]]:
    """Lines of made-up orders: one to three lines an order, forty customers, twenty products."""
    chance = random.Random(seed)  # noqa: S311 - made-up orders, no secrets
    made: list[dict[str, object]] = []
    at = dt.datetime(2024, 1, 1, 9, 0)
    while len(made) < count:
        at += dt.timedelta(minutes=chance.randint(20, 2000))
        customer = chance.randint(1, 40)
        order = [(chance.randint(1, 20), chance.randint(1, 5)) for _ in range(chance.randint(1, 3))]
        total = sum(quantity * (9.9 + product) for product, quantity in order)
        for place, (product, quantity) in enumerate(order):
            made.append({
                "order": 10_000 + int(at.timestamp()) % 1_000_000_007, "first": place == 0, "at": at, "customer": customer,
                "product": product, "quantity": quantity, "price": round(9.9 + product, 2), "total": round(total, 2),
            })  # fmt: skip
    return made


def text_table(columns: dict[str, list[object]]) -> pa.Table:
    return pa.table({
        name: pa.array([None if value in (None, "") else str(value) for value in values], pa.string())
        for name, values in columns.items()
    })  # fmt: skip


def test_a_taobao_order_export() -> None:
    orders = [line for line in lines() if line["first"]]
    table = text_table({
        "订单编号": [f'="{line["order"]}88"' for line in orders],
        "买家会员名": [f"tb{line['customer']:04d}_小{line['customer']}" for line in orders],
        "买家支付宝账号": [f"a{line['customer']}@example.com" for line in orders],
        "买家应付货款": [line["total"] for line in orders],
        "买家应付邮费": ["0.00" if line["customer"] != 3 else "10.00" for line in orders],
        "买家支付积分": ["0" for _ in orders],
        "总金额": [line["total"] for line in orders],
        "买家实际支付金额": [line["total"] for line in orders],
        "订单状态": ["交易成功" if line["product"] != 4 else "交易关闭" for line in orders],
        "买家留言": [None for _ in orders],
        "收货人姓名": [f"王小{'明红刚丽'[line['customer'] % 4]}" for line in orders],
        "收货地址 ": [f"浙江省 杭州市 西湖区 文三路{line['customer']}号" for line in orders],
        "运送方式": ["快递" for _ in orders],
        "联系手机": [f"'139{line['customer']:08d}" for line in orders],
        "订单创建时间": [f"{line['at']:%Y-%m-%d %H:%M:%S}" for line in orders],
        "订单付款时间 ": [f"{line['at'] + dt.timedelta(minutes=3):%Y-%m-%d %H:%M:%S}" for line in orders],
        "宝贝标题 ": [f"春季新款连衣裙{line['product']}" for line in orders],
        "物流单号 ": [f"No:{line['order']}77" for line in orders],
        "宝贝总数量": [line["quantity"] for line in orders],
        "店铺Id": ["0" for _ in orders],
        "店铺名称": ["阿梅的小店" for _ in orders],
        "退款金额": ["0.0" for _ in orders],
    })  # fmt: skip
    guessed = guess(table, source="ExportOrderList.csv")
    assert guessed.roles == {
        "customer_id": "买家会员名",
        "order_id": "订单编号",
        "description": "宝贝标题 ",
        "ordered_at": "订单创建时间",
        "quantity": "宝贝总数量",
        "amount": "买家实际支付金额",
        "channel": "店铺名称",
        "status": "订单状态",
        "customer_name": "收货人姓名",
        "phone": "联系手机",
    }


def test_a_jd_order_export_repeats_the_order_total_on_every_line() -> None:
    made = lines()
    table = text_table({
        "订单号": [line["order"] for line in made],
        "商品ID": [100_000 + int(line["product"]) for line in made],
        "商品名称": [f"无线鼠标 {line['product']} 型" for line in made],
        "订购数量": [line["quantity"] for line in made],
        "支付方式": ["在线支付" for _ in made],
        "下单时间": [f"{line['at']:%Y/%m/%d %H:%M}" for line in made],
        "京东价": [f"￥{line['price']}" for line in made],
        "订单金额": [line["total"] for line in made],
        "结算金额": [line["total"] for line in made],
        "余额支付": ["0.00" for _ in made],
        "应付金额": [line["total"] for line in made],
        "订单状态": ["完成" for _ in made],
        "订单类型": ["SOP" for _ in made],
        "下单帐号": [f"jd_{line['customer']:05d}" for line in made],
        "客户姓名": ["李雷" for _ in made],
        "客户地址": ["北京朝阳区" for _ in made],
        "联系电话": [f"139****{line['customer']:04d}" for line in made],
        "付款确认时间": [f"{line['at'] + dt.timedelta(minutes=3):%Y/%m/%d %H:%M}" for line in made],
    })  # fmt: skip
    guessed = guess(table, source="jd.csv")
    wanted = {
        "customer_id": "下单帐号",
        "order_id": "订单号",
        "product_id": "商品ID",
        "description": "商品名称",
        "ordered_at": "下单时间",
        "quantity": "订购数量",
        "unit_price": "京东价",
    }
    assert wanted.items() <= guessed.roles.items()
    assert "amount" not in guessed.roles
    assert [note.code for note in guessed.notes] == ["mapping.order_total_left_out"]


def test_a_shopify_export_has_order_columns_on_the_first_line_only() -> None:
    made = lines()
    first = lambda line, value: value if line["first"] else None  # noqa: E731
    table = text_table({
        "Name": [f"#{line['order']}" for line in made],
        "Email": [f"customer{line['customer']}@example.com" for line in made],
        "Financial Status": [first(line, "paid") for line in made],
        "Paid at": [first(line, f"{line['at']:%Y-%m-%d %H:%M:%S} +0800") for line in made],
        "Fulfillment Status": [first(line, "fulfilled") for line in made],
        "Currency": [first(line, "USD") for line in made],
        "Subtotal": [first(line, line["total"]) for line in made],
        "Shipping": [first(line, "5.00") for line in made],
        "Taxes": [first(line, "0.00") for line in made],
        "Total": [first(line, float(line["total"]) + 5) for line in made],
        "Discount Amount": [first(line, "0.00") for line in made],
        "Created at": [f"{line['at']:%Y-%m-%d %H:%M:%S} +0800" for line in made],
        "Lineitem quantity": [line["quantity"] for line in made],
        "Lineitem name": [f"T-Shirt {line['product']} / Blue" for line in made],
        "Lineitem price": [line["price"] for line in made],
        "Lineitem sku": [f"TS-{line['product']:03d}" for line in made],
        "Lineitem requires shipping": ["true" for _ in made],
        "Billing Name": [first(line, f"Jane Doe {'ABCD'[int(line['customer']) % 4]}") for line in made],
        "Billing Zip": [first(line, f"{90_000 + int(line['customer'])}") for line in made],
        "Billing Country": [first(line, "US") for line in made],
        "Notes": [None for _ in made],
        "Id": [first(line, 5_000_000_000 + int(line["order"])) for line in made],
        "Source": [first(line, "web") for line in made],
        "Phone": [None for _ in made],
        "Lineitem discount": ["0.00" for _ in made],
    })  # fmt: skip
    guessed = guess(table, source="orders_export_1.csv")
    wanted = {
        "customer_id": "Email",
        "email": "Email",
        "order_id": "Name",
        "product_id": "Lineitem sku",
        "description": "Lineitem name",
        "ordered_at": "Created at",
        "quantity": "Lineitem quantity",
        "unit_price": "Lineitem price",
        "country": "Billing Country",
        "currency": "Currency",
        "status": "Financial Status",
        "customer_name": "Billing Name",
    }
    assert wanted.items() <= guessed.roles.items()
    assert "amount" not in guessed.roles
    assert "phone" not in guessed.roles


def test_a_square_export_has_date_and_time_apart() -> None:
    made = lines()
    table = text_table({
        "Date": [f"{line['at']:%m/%d/%Y}" for line in made],
        "Time": [f"{line['at']:%H:%M:%S}" for line in made],
        "Time Zone": ["Eastern Time (US & Canada)" for _ in made],
        "Category": ["Coffee" if int(line["product"]) % 2 else "Cake" for line in made],
        "Item": [f"Blend {line['product']}" for line in made],
        "Qty": [line["quantity"] for line in made],
        "SKU": [f"B{line['product']}" for line in made],
        "Gross Sales": [f"${int(line['quantity']) * float(line['price']):.2f}" for line in made],
        "Discounts": ["$0.00" for _ in made],
        "Net Sales": [f"${int(line['quantity']) * float(line['price']):.2f}" for line in made],
        "Tax": ["$0.80" for _ in made],
        "Transaction ID": [f"tx{line['order']}" for line in made],
        "Customer ID": [f"C{line['customer']:05d}" for line in made],
    })  # fmt: skip
    guessed = guess(table, source="items.csv")
    wanted = {
        "customer_id": "Customer ID",
        "order_id": "Transaction ID",
        "product_id": "SKU",
        "description": "Item",
        "category": "Category",
        "ordered_at": "Date",
        "ordered_time": "Time",
        "quantity": "Qty",
        "amount": "Net Sales",
    }
    assert wanted.items() <= guessed.roles.items()
    assert guessed.file_mapping().columns["ordered_at"].format == "month_first"


def test_quantity_times_price_tells_the_three_apart_without_names() -> None:
    made = lines()
    table = text_table({
        "a": [round(int(line["quantity"]) * float(line["price"]), 2) for line in made],
        "b": [line["price"] for line in made],
        "c": [line["quantity"] for line in made],
        "d": [f"{line['at']:%d.%m.%Y}" for line in made],
        "e": [f"K{line['customer']:03d}" for line in made],
    })  # fmt: skip
    guessed = guess(table, source="x.csv")
    assert guessed.roles == {
        "customer_id": "e", "ordered_at": "d", "quantity": "c", "unit_price": "b", "amount": "a",
    }  # fmt: skip
    assert guessed.file_mapping().columns["ordered_at"].format == "day_first"


def test_a_customer_file() -> None:
    rows = range(1, 120)
    table = text_table({
        "会员卡号": [f"V{row:06d}" for row in rows],
        "姓名": [f"王{'明红刚丽'[row % 4]}" for row in rows],
        "性别": ["男女"[row % 2] for row in rows],
        "手机号": [f"138{row:08d}" for row in rows],
        "生日": [f"{1970 + row % 30}-{row % 12 + 1:02d}-{row % 28 + 1:02d}" for row in rows],
        "会员等级": ["金卡" if row % 5 else "银卡" for row in rows],
        "注册时间": [f"2021-{row % 12 + 1:02d}-{row % 28 + 1:02d} 10:00:00" for row in rows],
        "所在省份": ["浙江" for _ in rows],
        "所在城市": ["杭州" for _ in rows],
        "邮编": ["310000" for _ in rows],
        "累计消费金额": [f"{row * 13.5:.2f}" for row in rows],
    })  # fmt: skip
    guessed = guess(table, source="会员.xlsx")
    assert guessed.kind == "customers"
    assert guessed.roles == {
        "customer_id": "会员卡号", "name": "姓名", "gender": "性别", "born_on": "生日", "phone": "手机号",
        "region": "所在省份", "city": "所在城市", "postal_code": "邮编", "level": "会员等级", "joined_on": "注册时间",
    }  # fmt: skip


def test_a_product_file() -> None:
    rows = range(1, 80)
    table = text_table({
        "SKU": [f"TS-{row:03d}" for row in rows],
        "Product name": [f"Mug no. {row}" for row in rows],
        "Category": ["Kitchen" if row % 2 else "Garden" for row in rows],
        "Price": [f"{row * 1.5:.2f}" for row in rows],
        "Cost per item": [f"{row * 0.9:.2f}" for row in rows],
        "Stock": [row * 3 for row in rows],
    })  # fmt: skip
    guessed = guess(table, source="products.csv")
    assert guessed.kind == "products"
    assert guessed.roles == {
        "product_id": "SKU", "description": "Product name", "category": "Category", "unit_cost": "Cost per item",
        "unit_price": "Price",
    }  # fmt: skip


def dated(values: list[str]) -> pa.Table:
    count = len(values)
    return text_table({
        "customer": [f"K{place % 7}" for place in range(count)],
        "order date": list(values),
        "amount": [f"{place}.50" for place in range(count)],
    })  # fmt: skip


def test_a_day_above_twelve_tells_which_part_is_the_day() -> None:
    guessed = guess(dated(["3/5/2024", "4/5/2024", "25/5/2024", "1/6/2024"] * 5), source="x")
    column = next(column for column in guessed.columns if column.role == "ordered_at")
    assert column.spec is not None
    assert column.spec.format == "day_first"
    assert "the day stands first: 25/5/2024" in [message.say("en") for message in column.evidence]


def test_day_or_month_follows_from_the_order_of_the_rows_where_no_day_tells() -> None:
    days = [dt.date(2024, month, day) for month in range(1, 13) for day in range(1, 13)]
    guessed = guess(dated([f"{day.day}/{day.month}/{day.year}" for day in days]), source="x")
    column = next(column for column in guessed.columns if column.role == "ordered_at")
    assert column.spec is not None
    assert column.spec.format == "day_first"
    assert "mapping.day_or_month_by_order" in [message.code for message in column.evidence]


def test_a_date_that_nothing_tells_is_assumed_and_said_to_be() -> None:
    guessed = guess(dated(["3/5/2024", "5/3/2024"] * 6), source="x")
    column = next(column for column in guessed.columns if column.role == "ordered_at")
    assert "mapping.day_or_month_unclear" in [message.code for message in column.evidence]
    assert column.confidence < 0.65


def test_the_whole_column_is_asked_where_the_sample_cannot_tell(tmp_path: Path) -> None:
    values = ["3/5/2024", "5/3/2024"] * 15_000
    values[700] = "25/5/2024"
    path = tmp_path / "staged.parquet"
    pq.write_table(dated(values), path)
    assert guess(path, source="x").file_mapping().columns["ordered_at"].format == "day_first"


def test_two_candidates_that_are_close_are_named() -> None:
    made = lines(30)
    table = text_table({
        "客户编号": [f"K{line['customer']}" for line in made],
        "客户ID": [f"X{line['customer']}" for line in made],
        "下单时间": [f"{line['at']:%Y-%m-%d}" for line in made],
        "金额": [line["total"] for line in made],
    })  # fmt: skip
    guessed = guess(table, source="x.csv")
    assert guessed.roles["customer_id"] == "客户编号"
    said = [message.say("zh") for message in guessed.columns[0].evidence]
    assert "“客户ID”也很接近，请核对" in said


def test_a_file_without_a_time_says_that_it_is_unclear() -> None:
    guessed = guess(text_table({"foo": ["a", "b"], "bar": ["x", "y"]}), source="x.csv")
    assert "mapping.kind_unclear" in [note.code for note in guessed.notes]
    assert guessed.file_mapping().missing


def test_an_empty_table_is_no_accident() -> None:
    guessed = guess(text_table({"order id": [], "amount": []}), source="x.csv")
    assert guessed.roles == {}


def test_the_guess_can_be_shown_in_both_languages() -> None:
    guessed = guess(dated(["2024-03-05", "2024-03-06", "2024-03-07"] * 5), source="x")
    row = guessed.as_table("zh")[2]
    assert row["column"] == "amount"
    assert row["meaning"] == "该行金额；若每单只有一行，则为订单金额"
    assert row["examples"] == ["0.50", "7.50", "14.50"]
    assert guessed.as_table("en")[1]["role"] == "ordered_at"
