"""One customer, order and product of whom every field is a mark: wherever one turns up, its field has been shown.

``MARKS[kind][field]`` is what must not be read where the field is hidden: texts, as patterns. Fields that have so few
values that each turns up everywhere (a kind, a flag, a score of 1 to 5) have none.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.models import (
    Attachment,
    Consent,
    ContactPoint,
    Customer,
    CustomerScores,
    CustomerTag,
    Note,
    ScoreVersion,
    SegmentChange,
    Tag,
    Task,
)
from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.insights.models import Run, StudyResult
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.users.models import Role, User
from guanxi_crm.users.policy import system

UTC = dt.UTC


def _money(minor: int) -> list[str]:
    whole, cents = divmod(minor, 100)
    return [str(minor), f"{whole:,}", f"{whole}.{cents:02}"]


def _number(value: int) -> list[str]:
    return [f"{value:,}", rf"(?<!\d){value}"]


MARKS: dict[str, dict[str, list[str]]] = {
    "customer": {
        "number": ["ZQ-4471"], "name": ["Zqname"], "phone": ["13877772946", "138 ?7777", r"(?<!\d)2946(?!\d)"],
        "email": ["zqmail"], "wechat": ["zqwechat"], "address": ["Zqaddress"], "gender": ["zqgender"],
        "born_on": ["1871"], "country": ["Zqcountry"], "region": ["Zqregion"], "city": ["Zqcity"],
        "postal_code": ["ZQ90417"], "language": ["zqlang"], "level": ["Zqlevel"], "joined_on": ["1872"],
        "tags": ["Zqtag"], "consents": ["Zqproof"], "notes": ["Zqnote"], "files": ["zqfile"],
        "created_at": ["1991-05"], "updated_at": ["1991-08"],
        "first_order_at": ["1992-02"], "last_order_at": ["1993-03"], "orders": _number(71377),
        "items": _number(61379), "amount": _money(98765432), "returns_amount": _money(87654321),
        "days_since_last_order": _number(43391), "mean_days_between_orders": _number(37673),
        "segment": ["zqsegment"], "p_alive": ["0.73519", "73.5"],
        "expected_orders": [*_number(53629), *_number(53111), *_number(54333)],
        "expected_amount": [*_money(76543219), *_money(75543219), *_money(77543219)],
        "next_order_on": ["2061"], "next_order_amount": _money(65432197), "churn_probability": ["0.61837", "61.8"],
    },
    "order": {
        "number": ["ZQ-ORD-5519"], "customer": ["Zqname", "ZQ-4471"], "ordered_at": ["1994-06"], "lines": ["Zqline"],
        "items": _number(41277), "amount": [*_money(54321987), *_money(53321987)], "returns_amount": _money(43219876),
        "country": ["Zqorderland"], "channel": ["Zqchannel"], "source": ["zqsource"],
    },
    "product": {"code": ["ZQ-P-3313"], "name": ["Zqproduct"], "category": ["Zqcategory"], "unit_cost": ["7391.25", "7,391"]},
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """What is there: keys of what is marked, and somebody plain beside."""

    customer: Customer
    plain: Customer
    order: Order
    product: Product
    run: Run
    tag: Tag


def world(owner: User | None = None) -> World:
    """Make it. The marked customer is looked after by ``owner``; the plain one by nobody."""
    customer = Customer.objects.create(
        number="ZQ-4471", kind="organisation", name="Zqname", gender="zqgender", born_on=dt.date(1871, 3, 9),
        country="Zqcountry", region="Zqregion", city="Zqcity", postal_code="ZQ90417", language="zqlang",
        level="Zqlevel", joined_on=dt.date(1872, 4, 11), owner=owner,
        created_at=dt.datetime(1991, 5, 13, 4, tzinfo=UTC), updated_at=dt.datetime(1991, 8, 13, 4, tzinfo=UTC),
    )  # fmt: skip
    now = timezone.now()
    plain = Customer.objects.create(number="P-1", name="Plain", created_at=now, updated_at=now)
    for kind, value in (
        ("phone", "13877772946"),
        ("email", "zqmail@example.com"),
        ("wechat", "zqwechat"),
        ("address", "Zqaddress 5"),
    ):
        ContactPoint.objects.create(customer=customer, kind=kind, value=value, normal=value.lower(), is_primary=True)
    tag = Tag.objects.create(name="Zqtag")
    CustomerTag.objects.create(customer=customer, tag=tag)
    Consent.objects.create(
        customer=customer, purpose="marketing", channel="email", is_given=True, at=now, by=owner, proof="Zqproof"
    )
    Note.objects.create(customer=customer, author=owner, text="Zqnote of last week", at=now)
    Task.objects.create(customer=customer, title="Ring back", assignee=owner, created_by=owner, created_at=now)
    _file(customer, owner, now)
    _scores(customer, plain, now)
    product = Product.objects.create(
        code="ZQ-P-3313",
        name="Zqproduct",
        category="Zqcategory",
        item_kind="service",
        unit_cost=Decimal("7391.25"),
        currency="CNY",
    )
    order = Order.objects.create(
        key="marked", source="zqsource", number="ZQ-ORD-5519", customer=customer,
        ordered_at=dt.datetime(1994, 6, 21, 4, tzinfo=UTC), ordered_on=dt.date(1994, 6, 21), lines_count=1,
        items=41277, amount=54321987, returns_amount=43219876, currency="CNY", country="Zqorderland", channel="Zqchannel",
    )  # fmt: skip
    OrderLine.objects.create(
        order=order,
        line_no=1,
        product=product,
        description="Zqline",
        quantity=3,
        unit_price=12,
        amount=53321987,
        line_kind="sale",
    )
    run = Run.objects.create(created_at=now, state="done", studies=["value"], as_of=dt.date(2026, 1, 1))
    StudyResult.objects.create(
        run=run, study="value", position=1, grade="B", summary={}, document={}, judgement={}, missing={}
    )
    _trail(customer, order, product)
    search_index([customer.pk, plain.pk])
    return World(customer, plain, order, product, run, tag)


def _file(customer: Customer, owner: User | None, now: dt.datetime) -> None:
    kept = Attachment.objects.create(
        customer=customer, name="zqfile.txt", content_type="text/plain", size=6, by=owner, at=now
    )
    path = Path(settings.UPLOAD_DIR) / "attachments" / kept.key.hex[:2] / kept.key.hex
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"zqfile")


def _scores(customer: Customer, plain: Customer, now: dt.datetime) -> None:
    version = ScoreVersion.objects.create(
        state="kept",
        is_current=True,
        as_of=dt.date(2026, 1, 1),
        snapshot_id=1,
        currency="CNY",
        published_at=now,
        customers=2,
    )
    CustomerScores.objects.create(
        scored=version, customer=customer, first_order_at=dt.datetime(1992, 2, 17, 4, tzinfo=UTC),
        last_order_at=dt.datetime(1993, 3, 19, 4, tzinfo=UTC), orders=71377, items=61379, amount=98765432,
        returns_amount=87654321, days_since_last_order=43391, mean_days_between_orders=37673, r=1, f=1, m=1,
        segment="zqsegment", value_group="high", abc="A", is_vip=True, is_silent=True, p_alive=0.73519,
        expected_orders=53629, expected_orders_low=53111, expected_orders_high=54333, expected_amount=76543219,
        expected_amount_low=75543219, expected_amount_high=77543219, next_order_on=dt.date(2061, 7, 23),
        next_order_amount=65432197, churn_probability=0.61837, churn_band="high",
        reasons={
            "value": [["value.reason_amount", 98765432, 1.0], ["value.reason_orders", 71377, 0.5]],
            "churn": [["churn.reason_silence", 43391, 1.0]], "segments": [["segments.reason_recency", 43391, 1.0]],
        },
    )  # fmt: skip
    CustomerScores.objects.create(
        scored=version, customer=plain, segment="new", amount=100, expected_amount=50, churn_probability=0.1
    )
    SegmentChange.objects.create(
        customer=customer, scored=version, as_of=version.as_of, before="zqsegment_before", after="zqsegment"
    )


def _trail(customer: Customer, order: Order, product: Product) -> None:
    """Entries of the audit trail that quote every value."""
    phone = {
        "phone": ("", "13877772946"),
        "email": ("", "zqmail"),
        "wechat": ("", "zqwechat"),
        "address": ("", "Zqaddress"),
    }
    lists = {"tags": ([], ["Zqtag"]), "consents": ([], ["Zqproof"]), "notes": ("", "Zqnote"), "files": ("", "zqfile")}
    scores = customer.scores.get()
    told = {}
    for name in record_type("customer").names:
        source = customer if hasattr(customer, name) and name != "current" else scores
        if name not in {*phone, *lists, "orders", "scores"}:
            told[name] = (None, getattr(source, name, None) if name != "owner" else None)
    told |= phone | lists | {"orders": (None, scores.orders)}
    audit.log(user=system(), kind="customer", record=customer, action="change", name=customer.name, changes=told)
    note = {"filter": {"filters": [{"field": "phone", "operator": "is", "values": ["13877772946"]}]}, "name": "Zqname"}
    audit.log(user=system(), kind="customer", record=None, action="export", note=note)
    audit.log(
        user=system(),
        kind="order",
        record=order,
        action="export",
        name=order.number,
        changes={"amount": (None, order.amount)},
    )
    audit.log(
        user=system(),
        kind="product",
        record=product,
        action="export",
        name=product.name,
        changes={"unit_cost": (None, "7391.25")},
    )


_CHANCE = re.compile(
    r'nonce="[^"]*"|"X-CSRFToken": "[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}|cursor=[\w%-]+|"next": ?"[^"]*"'
)


def marks_in(text: str, kind: str, fields: list[str]) -> list[str]:
    """Fields of which a mark stands in an answer; what is drawn by lot does not count."""
    told = _CHANCE.sub("", text)
    return [name for name in fields if any(re.search(mark, told) for mark in MARKS[kind].get(name, ()))]


def role_without(*hidden: tuple[str, str], name: str = "all but some") -> Role:
    """A role that may everything that roles can grant, and sees everything but these fields (record type, field)."""
    grants = {}
    for kind in ("customer", "task", "order", "product", "import", "run", "token", "audit"):
        fields = {field: "hidden" for of, field in hidden if of == kind}
        grants[kind] = {"actions": dict.fromkeys(record_type(kind).actions, "all"), "fields": fields}
    return Role.objects.create(code=f"r{Role.objects.count()}", name=name, grants=grants)
