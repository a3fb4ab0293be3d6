"""Queries that are written once."""

from __future__ import annotations

import datetime as dt
import gc
import threading
import weakref

import pytest
from django.db import connections as connections_of_django

from guanxi_crm.core import prepared
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, Note
from guanxi_crm.users.policy import nobody

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def customers(user: Actor):
    return Prepared(user.narrow("customer", Customer.objects.filter(pk=STAND_IN)).select_related("owner", "team"))


def test_records_are_those_that_django_would_read(company, sales, team, customer_of, django_assert_num_queries):
    asked = Prepared(Customer.objects.filter(pk=STAND_IN).select_related("owner", "team"))
    for customer in (customer_of(owner=sales, team=team, born_on=dt.date(1990, 5, 1)), customer_of(owner=None)):
        with django_assert_num_queries(1):
            (record,) = asked.records(customer.pk)
            same = (record.owner, record.team) == (customer.owner, customer.team)
        assert same
        again = Customer.objects.get(pk=customer.pk)
        assert {**vars(record), "_state": 0} == {**vars(again), "_state": 0}
        assert (record._state.adding, record._state.db) == (False, again._state.db)


def test_rows_are_those_of_values(sales, customer_of):
    asked = Prepared(Note.objects.filter(customer=STAND_IN, text=str(STAND_IN)).values("at", "author__name", "pk"))
    customer = customer_of()
    note = Note.objects.create(customer=customer, author=sales, text=str(customer.pk), at=AT)
    assert asked.rows(customer.pk) == [{"at": AT, "author__name": sales.name, "pk": note.pk}]
    assert asked.rows(customer_of().pk) == []


def test_the_connection_of_who_wrote_it_ends_with_its_thread(db):
    written, connections = [], []

    def write() -> None:
        written.append(Prepared(Customer.objects.filter(pk=STAND_IN)))
        connections.append(weakref.ref(connections_of_django["default"]))
        connections_of_django["default"].close()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    gc.collect()
    assert connections[0]() is None
    assert written[0].records(1) == []


@pytest.mark.parametrize("key", ["5", None])
def test_what_is_no_number_is_no_key(company, key):
    with pytest.raises(TypeError):
        Prepared(Customer.objects.filter(pk=STAND_IN)).records(key)


@pytest.mark.parametrize("key", [0, -1, 2**63, -(2**70), STAND_IN])
def test_a_key_that_nobody_has_finds_nothing(company, key):
    assert Prepared(Customer.objects.filter(pk=STAND_IN)).records(key) == []


def test_a_query_that_cannot_find_anything_asks_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Prepared(Customer.objects.filter(pk=STAND_IN).none()).records(1) == []
        assert Prepared(Customer.objects.none().values("pk")).rows(1) == []


def test_it_is_written_once_for_a_user_and_anew_when_he_may_something_else(sales, stranger, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    mine = kept(customers, actor(sales))
    assert mine.records(customer.pk) == [customer]
    assert kept(customers, actor(sales)) is mine
    assert kept(customers, actor(stranger)).records(customer.pk) == []
    assert kept(customers, nobody()).records(customer.pk) == []
    customer.owner = customer.team = None
    customer.save()
    assert mine.records(customer.pk) == []
    role = sales.roles.get()
    role.grants["customer"]["actions"]["view"] = "all"
    role.save()
    assert kept(customers, actor(sales)).records(customer.pk) == [customer]


def test_no_more_are_kept_than_there_is_room_for(administrator, sales, actor, monkeypatch):
    monkeypatch.setattr(prepared, "_MOST_KEPT", 1)
    monkeypatch.setattr(prepared, "_KEPT", {})
    for user in (administrator, sales, administrator):
        kept(customers, actor(user))
        assert len(prepared._KEPT) == 1
