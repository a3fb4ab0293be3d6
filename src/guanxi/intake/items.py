"""What kind of item an order line is about, told from the product's number and description.

===============  =====================================================================================================
``item_kind``
===============  =====================================================================================================
``product``      goods or services that the company sells
``postage``      postage, carriage, delivery
``fee``          bank charges, marketplace and handling fees
``discount``     a line that is itself a discount
``adjustment``   corrections of the books
``manual``       keyed in by hand without a product
``voucher``      gift vouchers and cards
``sample``       samples
``test``         entries made to try the system; used nowhere
===============  =====================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guanxi.intake.parse import literal

__all__ = ["ITEM_KINDS", "item_kind_sql", "special_sql"]

_ITEMS: Mapping[str, tuple[str, str]] = MappingProxyType({
    # kind: (pattern of the whole product id, pattern of the whole description), without regard to case
    "test": (r"test[-_ ]?\d*", r"(this is a )?test( product| item| order)?\.?|测试(商品|订单|产品)?|.*仅供测试.*"),
    "postage": (
        r"post|dot|c2|c3|ship(ping)?|freight|postage|delivery",
        r"(dotcom |next day |express |standard )?(postage|carriage|shipping|delivery|freight)"
        r"( (and|&) (packing|handling))?( ?(fee|cost|charge)s?)?|运费(补差)?|邮费(补差)?|快递费|配送费|物流费",
    ),
    "fee": (
        r"bank charges|(amazon|ebay|paypal)[ _-]?fees?|fees?|cruk",
        r"bank charges?|(amazon|ebay|paypal|handling|service|processing|payment|cruk)[ _-]?(fee|charge|commission)s?"
        r"|手续费|服务费|佣金|包装费",
    ),
    "discount": (r"d|discount", r"(voucher |member )?discounts?|优惠|折扣|满减|立减|优惠券(抵扣)?|抵扣"),
    "adjustment": (
        r"adjust(ment)?\d*|b",
        r"adjust(ment)?\b.*|(adjust )?bad debts?|write[- ]?off|rounding|调整|补差价?|差价|抹零|坏账",
    ),
    "manual": (r"m|manual", r"manual( entry)?|手工(录入|单)?"),
    "sample": (r"s|samples?", r"(free )?samples?|样品|小样|赠品"),
    "voucher": (r"gift_\d+_\d+|gift[-_ ]?(card|voucher)s?", r".*\bgift (voucher|card)\b.*|礼品卡|购物卡|储值卡|代金券"),
})  # fmt: skip
ITEM_KINDS = ("product", *_ITEMS)


def special_sql(role: str) -> str:
    """The first kind in `ITEM_KINDS`, as its place there, of which a ``product_id`` or ``description`` speaks.

    NULL where it speaks of none, as nearly every one does.
    """
    column = ("product_id", "description").index(role)
    patterns = [each[column] for each in _ITEMS.values()]

    def is_one(pattern: str) -> str:
        return f"regexp_full_match({role}, {literal('(?i)' + pattern)})"

    # One pattern of all says so before each is tried.
    any_of = is_one("|".join(f"({pattern})" for pattern in patterns))
    cases = " ".join(f"WHEN {is_one(pattern)} THEN {place}" for place, pattern in enumerate(patterns, start=1))
    return f"CASE WHEN {role} IS NULL OR NOT {any_of} THEN NULL {cases} END"


def item_kind_sql(by_id: str, by_text: str) -> str:
    """The kind of an item, given what `special_sql` says of its number and of its description."""
    cases = " ".join(f"WHEN {place} THEN {literal(kind)}" for place, kind in enumerate(_ITEMS, start=1))
    return f"CASE least({by_id}, {by_text}) {cases} ELSE 'product' END"
