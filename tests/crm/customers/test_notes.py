"""What staff write down about a customer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.undo import undo
from guanxi_crm.customers.models import Note
from guanxi_crm.customers.services.notes import NOTE_LENGTH, note_add, note_change, note_delete

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


def test_a_note_is_kept_with_its_author_and_its_time(sales, actor, customer_of):
    customer = customer_of(owner=sales)
    note = note_add(user=actor(sales), customer_id=customer.pk, text=" 第一行\r\n第二行 ", at=AT)
    assert (note.text, note.author, note.at, note.changed_at) == ("第一行\n第二行", sales, AT, None)
    assert AuditEntry.objects.get().changes == {"notes": [None, "第一行\n第二行"]}


def test_only_its_author_corrects_a_note(sales, manager, actor, customer_of):
    customer = customer_of(owner=sales)
    note = note_add(user=actor(sales), customer_id=customer.pk, text="来电", at=AT)
    later = AT + dt.timedelta(hours=1)
    note_change(user=actor(sales), customer_id=customer.pk, note_id=note.pk, text="来电询价", at=later)
    with pytest.raises(NotAllowed):
        note_change(user=actor(manager), customer_id=customer.pk, note_id=note.pk, text="别的")
    note.refresh_from_db()
    assert (note.text, note.changed_at) == ("来电询价", later)
    assert AuditEntry.objects.count() == 2


def test_a_deleted_note_can_be_had_back_as_it_was(sales, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    note = note_add(user=user, customer_id=customer.pk, text="来电", at=AT)
    kept = note_delete(user=user, customer_id=customer.pk, note_id=note.pk)
    assert not Note.objects.exists()
    assert undo(user=user, undo_id=kept.pk) == 1
    back = Note.objects.get()
    assert (back.text, back.at, back.author, back.customer) == ("来电", AT, sales, customer)


def test_a_note_of_a_customer_who_is_no_longer_ones_own_stays_deleted(sales, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    note = note_add(user=user, customer_id=customer.pk, text="来电", at=AT)
    kept = note_delete(user=user, customer_id=customer.pk, note_id=note.pk)
    customer.owner = None
    customer.save()
    assert undo(user=user, undo_id=kept.pk) == 0
    assert not Note.objects.exists()


@pytest.mark.parametrize("text", ["", " \n ", "x" * (NOTE_LENGTH + 1)])
def test_an_empty_note_and_one_without_end_are_refused(text, sales, actor, customer_of):
    customer = customer_of(owner=sales)
    with pytest.raises(RuleBroken):
        note_add(user=actor(sales), customer_id=customer.pk, text=text)
    assert not Note.objects.exists()


def test_who_may_not_writes_changes_and_deletes_nothing(sales, colleague, stranger, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    note = note_add(user=actor(sales), customer_id=customer.pk, text="来电", at=AT)
    for user, refusal in ((colleague, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            note_add(user=actor(user), customer_id=customer.pk, text="别的")
        with pytest.raises(refusal):
            note_delete(user=actor(user), customer_id=customer.pk, note_id=note.pk)
    assert [each.text for each in Note.objects.all()] == ["来电"]


def test_the_pages_write_correct_and_delete_with_a_button_to_have_it_back(sales, manager, client_of, customer_of):
    customer, client = customer_of(owner=sales), client_of(sales)
    assert client.post(reverse("customers:note_add", args=[customer.pk]), {"text": "来电"}).status_code == 302
    note = Note.objects.get()
    change = reverse("customers:note_change", args=[customer.pk, note.pk])
    assert "来电" in client.get(change).content.decode()
    assert client_of(manager).get(change).status_code == 404
    empty = client.post(change, {"text": ""})
    assert empty.status_code == 400
    client.post(change, {"text": "来电询价"})
    page = client.get(reverse("site:customer", args=[customer.pk])).content.decode()
    assert "来电询价" in page
    after = client.post(reverse("customers:note_remove", args=[customer.pk, note.pk]), follow=True).content.decode()
    assert "/undo/" in after
    assert not Note.objects.exists()
