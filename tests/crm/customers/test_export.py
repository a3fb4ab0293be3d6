"""Customers as a file: for Excel, inert, and as it was when read again."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from guanxi_crm.core import sheet
from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Customer, CustomerScores, CustomerTag, ScoreVersion, Tag
from guanxi_crm.customers.selectors.list_query import ListQuery, list_query
from guanxi_crm.customers.services import export as export_module
from guanxi_crm.customers.services.export import customers_export

pytestmark = pytest.mark.django_db

DANGEROUS = [
    "=cmd|' /C calc'!A0",
    " +1",
    "\t=1",
    "@x",
    "＝1",
    "-2+3",
    "'=1",
    "''=1",
    "\r=1",
    "=1\n=2",
    '="a"',
    "'",
    "'s",
    "- a",
]


def read(lines) -> list[dict[str, str]]:
    text = "".join(lines)
    assert text.startswith(sheet.BOM)
    rows = csv.DictReader(io.StringIO(text.removeprefix(sheet.BOM), newline=""))
    return [{name: sheet.original(value) for name, value in row.items()} for row in rows]


@given(st.text() | st.sampled_from(DANGEROUS))
def test_a_text_is_inert_and_comes_back_as_it_was(text):
    made = sheet.inert(text)
    assert sheet.original(made) == text
    assert not made.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not made.startswith(("\t", "\r"))


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=4
    )
)
def test_a_line_comes_back_as_it_was(values):
    (row,) = csv.reader(io.StringIO(sheet.line(values), newline=""))
    assert [sheet.original(value) for value in row] == values


def test_numbers_stay_numbers():
    assert sheet.line([-5, 1.5, None, "-5"]) == "-5,1.5,,'-5\r\n"


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_dangerous_name_is_inert_in_the_file_and_itself_when_read_again(customer_of, actor, administrator, name):
    customer_of(name=name, number="C1")
    lines = list(customers_export(user=actor(administrator), query=list_query(QueryDict("columns=number,name"))))
    assert read(lines) == [{"Number": "C1", "Name": name}]


def test_what_the_file_holds(customer_of, actor, administrator, sales):
    version = ScoreVersion.objects.create(as_of=dt.date(2026, 10, 1), snapshot_id=1, currency="CNY", is_current=True)
    customer = customer_of(name="王小明", phone="138", owner=sales, born_on=dt.date(1990, 2, 3))
    moment = dt.datetime(2026, 9, 30, 17, tzinfo=dt.UTC)
    CustomerScores.objects.create(
        scored=version, customer=customer, amount=-12345, segment="new", is_vip=True, churn_probability=0.25,
        last_order_at=moment,
    )  # fmt: skip
    for word in ("a", "b"):
        CustomerTag.objects.create(customer=customer, tag=Tag.objects.create(name=word))
    with timezone.override("Asia/Shanghai"):
        (row,) = read(customers_export(user=actor(administrator), query=ListQuery(), all_columns=True))
    told = {row[name] for name in row}
    assert {"王小明", "138", "Sam Sales", "1990-02-03", "-123.45", "New customers", "1", "0.25", "a, b"} <= told
    assert "2026-10-01 01:00:00+08:00" in told


def test_everybody_who_matches_is_in_it_once(customer_of, actor, administrator, monkeypatch):
    monkeypatch.setattr(export_module, "_BATCH", 2)
    for number in range(5):
        customer_of(number=f"N{number}", city="上海" if number else "Köln")
    user = actor(administrator)
    rows = read(customers_export(user=user, query=list_query(QueryDict("city.is=上海&columns=number"))))
    assert [row["Number"] for row in rows] == ["N1", "N2", "N3", "N4"]
    entry = AuditEntry.objects.get(action="export")
    assert (entry.note["customers"], entry.note["columns"]) == (4, ["number"])
    assert entry.note["filter"]["filters"] == [{"field": "city", "operator": "is", "values": ["上海"]}]


def test_hidden_fields_are_not_in_the_file(customer_of, actor, analyst):
    customer_of(name="王小明", phone="13800138000", number="C7")
    text = "".join(customers_export(user=actor(analyst), query=ListQuery(), all_columns=True))
    assert "C7" in text
    assert "王小明" not in text
    assert "13800138000" not in text
    assert "Telephone" not in text


def test_who_may_not_export_gets_nothing(customer_of, actor, sales, client_of):
    customer_of(owner=sales)
    with pytest.raises(NotAllowed):
        customers_export(user=actor(sales), query=ListQuery())
    assert client_of(sales).post(reverse("customers:export")).status_code == 403
    assert not AuditEntry.objects.exists()


def test_the_page_sends_the_file(customer_of, client_of, administrator):
    customer_of(name="王小明", city="上海")
    client = client_of(administrator, language="zh")
    assert client.get(reverse("customers:export")).status_code == 405
    answer = client.post(f"{reverse('customers:export')}?city.is=上海", {"columns": "all"})
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff客户编号,")
    assert "王小明" in text
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment")
    assert Customer.objects.count() == 1
