"""Words that staff put on customers."""

from __future__ import annotations

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry, Undo
from guanxi_crm.core.undo import undo
from guanxi_crm.customers.models import Customer, CustomerTag, Tag
from guanxi_crm.customers.selectors.tags import tags_of
from guanxi_crm.customers.services.tags import customer_tag, customer_untag

pytestmark = pytest.mark.django_db


def test_a_new_word_becomes_a_tag_and_a_known_one_is_used_again(sales, actor, customer_of):
    user, first, second = actor(sales), customer_of(owner=sales), customer_of(owner=sales)
    tag = customer_tag(user=user, customer_id=first.pk, name="  Book  club ", colour="green")
    assert (tag.name, tag.colour) == ("Book club", "green")
    assert customer_tag(user=user, customer_id=second.pk, name="book CLUB", colour="red") == tag
    customer_tag(user=user, customer_id=first.pk, name="企业团购")
    assert [each.name for each in tags_of(first, user=user)] == ["Book club", "企业团购"]
    assert [each.changes for each in AuditEntry.objects.order_by("pk")] == [
        {"tags": [[], ["Book club"]]},
        {"tags": [[], ["Book club"]]},
        {"tags": [["Book club"], ["Book club", "企业团购"]]},
    ]


def test_the_same_tag_twice_is_once(sales, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    for _ in range(2):
        customer_tag(user=user, customer_id=customer.pk, name="读书会")
    assert CustomerTag.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_tag_is_taken_off(sales, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    tag = customer_tag(user=user, customer_id=customer.pk, name="读书会")
    customer_untag(user=user, customer_id=customer.pk, tag_id=tag.pk)
    assert tags_of(customer, user=user) == []
    assert AuditEntry.objects.order_by("pk").last().changes == {"tags": [["读书会"], []]}
    with pytest.raises(NotFound):
        customer_untag(user=user, customer_id=customer.pk, tag_id=tag.pk)
    # The word itself stays for others.
    assert Tag.objects.get() == tag


@pytest.mark.parametrize(("name", "colour"), [(" ", ""), ("x" * 41, ""), ("ok", "#ff0000")])
def test_no_word_too_long_a_word_and_a_colour_of_ones_own_are_refused(name, colour, sales, actor, customer_of):
    customer = customer_of(owner=sales)
    with pytest.raises(RuleBroken):
        customer_tag(user=actor(sales), customer_id=customer.pk, name=name, colour=colour)
    assert not Tag.objects.exists()


def test_who_may_only_look_tags_nobody(colleague, sales, team, viewer, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    for user in (colleague, viewer):
        with pytest.raises(NotAllowed):
            customer_tag(user=actor(user), customer_id=customer.pk, name="读书会")
    assert not Tag.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_pages_put_a_tag_on_and_take_it_off(sales, client_of, customer_of):
    customer, client = customer_of(owner=sales), client_of(sales)
    client.post(reverse("customers:tag_add", args=[customer.pk]), {"name": "读书会", "colour": "green"})
    tag = Tag.objects.get()
    page = client.get(reverse("site:customer", args=[customer.pk])).content.decode()
    assert "bg-green-lt" in page
    assert "读书会" in page
    answer = client.post(reverse("customers:tag_remove", args=[customer.pk, tag.pk]), follow=True)
    assert not CustomerTag.objects.exists()
    back = reverse("core:undo", args=[Undo.objects.get().pk])
    assert back in answer.content.decode()
    client.post(back)
    assert CustomerTag.objects.get().tag == tag
    assert AuditEntry.objects.order_by("pk").last().changes == {"tags": [[], ["读书会"]]}


def test_a_tag_is_put_back_only_by_who_may_still_tag(sales, stranger, actor, customer_of):
    customer = customer_of(owner=sales)
    tag = customer_tag(user=actor(sales), customer_id=customer.pk, name="读书会")
    kept = customer_untag(user=actor(sales), customer_id=customer.pk, tag_id=tag.pk)
    Customer.objects.update(owner=stranger)
    assert undo(user=actor(sales), undo_id=kept.pk) == 0
    assert not CustomerTag.objects.exists()


def test_a_character_that_no_database_keeps_parts_words(sales, actor, customer_of):
    customer_tag(user=actor(sales), customer_id=customer_of(owner=sales).pk, name="big\0tea")
    assert Tag.objects.get().name == "big tea"
