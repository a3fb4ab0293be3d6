"""The audit trail keeps what was changed, and shows no reader what is hidden from him."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Door

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(manager, customer_of, actor):
    """A manager has changed name and level of a customer."""
    customer = customer_of(name="王小明")
    changes = {"name": ("王明", "王小明"), "level": ("", "gold")}
    note = {"customers": 1, "phone": "13800138000", "filter": {"field": "name", "values": ["王"]}}
    return audit.log(
        user=actor(manager),
        kind="customer",
        record=customer,
        action="change",
        name="王小明",
        changes=changes,
        note=note,
    )


def test_an_entry_says_who_what_when_and_by_which_door(entry, manager):
    kept = AuditEntry.objects.get(pk=entry.pk)
    assert (kept.user_id, kept.user_name, kept.door) == (manager.pk, "Mei Manager", Door.PAGE)
    assert (kept.kind, kept.action, kept.record_name) == ("customer", "change", "王小明")
    assert kept.changes == {"name": ["王明", "王小明"], "level": ["", "gold"]}


def test_his_name_stays_when_he_is_gone(entry, manager):
    manager.delete()
    entry.refresh_from_db()
    assert (entry.user_id, entry.user_name) == (None, "Mei Manager")


def test_values_of_all_kinds_are_kept_as_they_are_read(manager, actor):
    kept = audit.log(
        user=actor(manager), kind="product", record=None, action="change",
        changes={"unit_cost": (decimal.Decimal("1.50"), None), "name": (("a", dt.date(2026, 1, 2)), {"x": dt.date(2026, 1, 3)})},
    )  # fmt: skip
    kept.refresh_from_db()
    assert kept.changes == {"unit_cost": ["1.50", None], "name": [["a", "2026-01-02"], {"x": "2026-01-03"}]}


def test_only_what_differs_is_a_change(customer_of):
    customer = customer_of(name="王小明", level="gold")
    assert audit.changes_between(customer, {"name": "王小明", "level": "silver"}) == {"level": ("gold", "silver")}


def test_hidden_fields_stay_hidden_in_it(entry, analyst, manager, actor):
    assert audit.readable_changes(entry, user=actor(analyst)) == {"level": ["", "gold"]}
    assert audit.readable_name(entry, user=actor(analyst)) == ""
    assert audit.readable_note(entry, user=actor(analyst)) == {"customers": 1}
    assert set(audit.readable_changes(entry, user=actor(manager))) == {"name", "level"}
    assert audit.readable_name(entry, user=actor(manager)) == "王小明"
    assert set(audit.readable_note(entry, user=actor(manager))) == {"customers", "phone", "filter"}


def test_a_change_of_a_record_type_that_is_gone_is_for_administrators(administrator, manager, actor):
    entry = AuditEntry(kind="gone", changes={"x": [1, 2]}, record_name="X", note={"y": 1})
    assert audit.readable_changes(entry, user=actor(manager)) == {}
    assert audit.readable_name(entry, user=actor(manager)) == ""
    assert audit.readable_note(entry, user=actor(manager)) == {}
    assert audit.readable_changes(entry, user=actor(administrator)) == {"x": [1, 2]}
    assert audit.readable_name(entry, user=actor(administrator)) == "X"
    assert audit.readable_note(entry, user=actor(administrator)) == {"y": 1}


def test_the_trail_of_a_record_is_for_who_sees_the_record(sales, stranger, customer_of, actor):
    customer = customer_of(owner=sales)
    audit.log(user=actor(sales), kind="customer", record=customer, action="change")
    assert audit.entries_of(user=actor(sales), kind="customer", record=customer).count() == 1
    with pytest.raises(NotFound):
        audit.entries_of(user=actor(stranger), kind="customer", record=customer)


def test_of_records_of_which_one_sees_some_one_reads_what_one_did(sales, colleague, customer_of, actor):
    customer = customer_of(owner=sales)
    for user in (sales, colleague):
        audit.log(user=actor(user), kind="customer", record=customer, action="change")
        audit.log(user=actor(user), kind="product", record=None, action="change")
    seen = set(audit.entries_for(user=actor(sales)).values_list("kind", "user_id"))
    assert seen == {("customer", sales.pk), ("product", sales.pk), ("product", colleague.pk)}
