"""Mappings as people write and keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from guanxi import words
from guanxi.errors import MappingError
from guanxi.intake.mapping import ColumnMapping, FileMapping, Mapping
from guanxi.intake.roles import ROLES

SHOP = """
version: 1
currency: CNY          # what the shop sells in
timezone: Asia/Shanghai
files:
- source: 三月订单.csv
  kind: orders
  columns:
    customer_id: 会员号
    ordered_at: {column: 下单时间, format: day_first}
    quantity: 数量
    unit_price: {column: 单价, decimal: ","}
"""


def said(text: str, language: str = "en") -> str:
    with pytest.raises(MappingError) as caught:
        Mapping.from_yaml(text, path="shop.yaml")
    return caught.value.say(language)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    mapping = Mapping(
        currency="CNY",
        timezone="Asia/Shanghai",
        files=(
            FileMapping(
                source="三月 #1: 订单.csv",
                kind="orders",
                signature=("会员号", "下单时间", "金额: 元", "no", "1"),
                columns={
                    "customer_id": ColumnMapping(column="会员号"),
                    "ordered_at": ColumnMapping(column="下单时间", format="%d.%m.%Y %H:%M"),
                    "amount": ColumnMapping(column="金额: 元", decimal=",", thousands="'"),
                    "status": ColumnMapping(column="no"),
                },
            ),
        ),
    )
    for language in words.LANGUAGES:
        mapping.save(tmp_path / "mapping.yaml", language=language)
        assert Mapping.load(tmp_path / "mapping.yaml") == mapping


def test_the_saved_file_explains_each_role_beside_its_column() -> None:
    text = Mapping.from_yaml(SHOP).to_yaml(language="zh")
    assert "    customer_id: 会员号  # 客户：谁下的单（编号、账号或昵称）" in text.splitlines()
    assert "    ordered_at: {column: 下单时间, format: day_first}  # 下单时间：日期，或日期加时刻" in text.splitlines()


def test_a_column_name_alone_is_enough() -> None:
    assert Mapping.from_yaml(SHOP).files[0].columns["quantity"] == ColumnMapping(column="数量")


def test_next_months_file_takes_last_months_mapping_whatever_its_name_and_new_columns() -> None:
    found = Mapping.from_yaml(SHOP).for_columns(["单价", "备注", "数量", "下单时间", "会员号"], source="四月订单.csv")
    assert found is not None
    assert found.columns["unit_price"].decimal == ","


def test_case_width_and_spaces_of_a_header_may_change() -> None:
    entry = FileMapping(
        source="a",
        kind="orders",
        columns={"ordered_at": ColumnMapping(column="Order Date"), "amount": ColumnMapping(column="金额（元）")},
    )
    found = Mapping(files=(entry,)).for_columns(["order_date", " 金额(元) "])
    assert found is not None
    assert [spec.column for spec in found.columns.values()] == ["order_date", " 金额(元) "]


def test_a_file_of_another_shape_does_not_take_the_mapping() -> None:
    entry = FileMapping(
        source="members.csv",
        kind="customers",
        signature=("id", "name", "birthday", "level"),
        columns={"customer_id": ColumnMapping(column="id"), "name": ColumnMapping(column="name")},
    )
    orders = ["id", "name", "date", "amount", "qty", "sku", "price"]
    assert Mapping(files=(entry,)).for_columns(orders) is None
    assert Mapping(files=(entry,)).for_columns(["id", "name", "level"]) is not None


def test_of_two_entries_the_one_made_for_the_liker_header_is_taken() -> None:
    def entry(source: str, *signature: str) -> FileMapping:
        columns = {"ordered_at": ColumnMapping(column="date"), "amount": ColumnMapping(column="amount")}
        return FileMapping(source=source, kind="orders", signature=signature, columns=columns)

    mapping = Mapping(files=(entry("till", "date", "amount", "till"), entry("web", "date", "amount", "url")))
    found = mapping.for_columns(["date", "amount", "url"])
    assert found is not None
    assert found.source == "web"


def test_the_entry_of_this_very_file_has_to_fit() -> None:
    with pytest.raises(MappingError) as caught:
        Mapping.from_yaml(SHOP).for_columns(["会员编号", "下单时间", "数量", "单价"], source="三月订单.csv")
    assert caught.value.say("en") == (
        "The mapping for 三月订单.csv takes customer_id from the column “会员号”, which the file does not have. "
        "The nearest is 会员编号."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("quantity", "quantty"), "a file of orders has no role “quantty”. Did you mean quantity?"),
        (("kind: orders", "kind: order"), "files.0.kind cannot be “order”. Did you mean orders?"),
        (("currency: CNY", "currency: RMB"), "currency cannot be “RMB”. Did you mean "),
        (("Asia/Shanghai", "Asia/Shangai"), "timezone cannot be “Asia/Shangai”. Did you mean Asia/Shanghai?"),
        (("day_first", "dayfirst"), "files.0.columns.ordered_at.format cannot be “dayfirst”. Did you mean day_first?"),
        (("day_first", "'%Q'"), "files.0.columns.ordered_at.format cannot be “%Q”."),
        (('decimal: ","', "decimals: ','"), "files.0.columns.unit_price.decimals is not something a mapping can say."),
        (('decimal: ","', "decimal: ';'"), "files.0.columns.unit_price.decimal cannot be “;”."),
        (('decimal: ","', "thousands: '.', decimal: '.'"), "files.0.columns.unit_price.thousands cannot be “.”"),
        (("timezone:", "timezon:"), "timezon is not something a mapping can say. Did you mean timezone?"),
        (("  kind: orders\n", ""), "files.0.kind is missing."),
        (("version: 1", "version: 2"), "version cannot be “2”. Did you mean 1?"),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_that_is_right(change: tuple[str, str], message: str) -> None:
    assert change[0] in SHOP
    found = said(SHOP.replace(*change))
    assert found.startswith("Mapping shop.yaml: ")
    assert message in found


def test_a_mapping_that_lacks_the_amount_says_what_would_do() -> None:
    text = SHOP.replace('    unit_price: {column: 单价, decimal: ","}\n', "")
    assert "no column is given for amount / quantity + unit_price" in said(text)
    assert "没有指定 amount / quantity + unit_price 对应的列" in said(text, "zh")


def test_text_that_is_not_yaml_is_refused_with_its_line() -> None:
    assert said("version: 1\nfiles: [").startswith("The mapping shop.yaml cannot be read as YAML: line 2")
    assert "has no entries" in said("")
    assert "has no entries" in said("just words")
    assert said("files: 3").startswith("Mapping shop.yaml: files cannot be “3”")


def test_a_mapping_that_is_not_there_or_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="There is no mapping"):
        Mapping.load(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("version: 1 # 映射".encode("gbk"))
    with pytest.raises(MappingError, match="not UTF-8"):
        Mapping.load(tmp_path / "gbk.yaml")


def test_yaml_cannot_make_objects() -> None:
    with pytest.raises(MappingError):
        Mapping.from_yaml("!!python/object/apply:os.system ['true']")


def test_every_role_is_explained_in_both_languages() -> None:
    for roles in ROLES.values():
        for role in roles.values():
            assert role.meaning("en")
            assert role.meaning("zh")
