"""Finding customers: what is found, by whom, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_crm.core.cjk import searchable
from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.customers.fulltext.text import Document, document, terms
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.search import customer_search
from guanxi_crm.customers.services.search_index import search_index, search_index_all
from guanxi_crm.users.policy import nobody

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(customer_of, sales, stranger):
    made = {
        "明": customer_of(
            name="王小明", number="C-0042", phone="+86 138-0013-8000", email="xm.wang@example.com", owner=sales
        ),
        "伟": customer_of(name="王伟", number="M778", phone="010 6655 1234", owner=stranger),
        "娜": customer_of(name="欧阳娜娜", number="X1"),
        "li": customer_of(name="Élodie Zhang-Müller", number="X2", email="zhang@firma.de"),
        "org": customer_of(name="上海关系软件 GuanXi（中国）有限公司", number="X3", kind="organisation"),
    }
    search_index([each.pk for each in made.values()])
    return made


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("王", {"明", "伟"}), ("小明", {"明"}), ("王小明", {"明"}), ("明王", set()), ("王明", set()), ("王伟", {"伟"}),
        ("欧阳", {"娜"}), ("娜娜", {"娜"}), ("软件", {"org"}), ("关系 中国", {"org"}), ("guanxi", {"org"}), ("GUAN", {"org"}),
        ("elodie", {"li"}), ("zhang", {"li"}), ("mull", {"li"}), ("zhang-müller", {"li"}), ("uller", set()),
        ("8000", {"明"}), ("13800138000", {"明"}), ("138 0013 8000", {"明"}), ("+86 138-0013", {"明"}), ("1380", {"明"}),
        ("0106655", {"伟"}), ("1234", {"伟"}), ("0042", {"明"}), ("c0042", {"明"}), ("C-0042", {"明"}), ("m77", {"伟"}),
        ("xm.wang@example.com", {"明"}), ("zhang@", {"li"}), ("王 8000", {"明"}), ("", set()), ("!?", set()), ("   ", set()),
        ('" OR name:王', set()), ("王*", {"明", "伟"}), ("NOT 王", set()), ("'; DROP TABLE", set()), ("王\0", {"明", "伟"}),
        ("NEAR(王 伟)", set()), ("王：伟", {"伟"}), ("müller", {"li"}),
    ],
)  # fmt: skip
def test_who_is_found(people, actor, administrator, text, who):
    found = customer_search(user=actor(administrator), text=text)
    assert {each.pk for each in found} == {people[name].pk for name in who}


@settings(max_examples=60)
@given(text=st.text(max_size=40))
def test_no_text_breaks_the_search(text):
    from guanxi_crm.users.policy import system

    assert customer_search(user=system(), text=text) == []


def test_only_customers_whom_one_may_see_are_found(people, actor, sales):
    assert customer_search(user=actor(sales), text="王") == [people["明"]]
    with pytest.raises(NotAllowed):
        customer_search(user=nobody(), text="王")


def test_a_hidden_column_is_not_searched(people, actor, analyst):
    # Analysts see no names, telephone numbers or mail addresses.
    for text in ("王", "8000", "zhang@firma.de", "zhang"):
        assert customer_search(user=actor(analyst), text=text) == []
    assert customer_search(user=actor(analyst), text="C-0042") == [people["明"]]


def test_the_newest_come_first_and_no_more_than_asked(people, actor, administrator):
    assert customer_search(user=actor(administrator), text="王", limit=1) == [people["伟"]]


def test_a_search_takes_two_queries(people, actor, administrator, django_assert_num_queries):
    user = actor(administrator)
    with django_assert_num_queries(2):
        customer_search(user=user, text="王")


def test_the_index_follows_changes_and_deletions(people, actor, administrator):
    user = actor(administrator)
    Customer.objects.filter(pk=people["明"].pk).update(name="赵小明")
    people["明"].contact_points.all().delete()
    people["伟"].delete()
    search_index([people["明"].pk, 10**9, *[each.pk for each in people.values() if each.pk]])
    assert customer_search(user=user, text="王") == []
    assert customer_search(user=user, text="8000") == []
    assert customer_search(user=user, text="赵小明") == [people["明"]]


def test_everybody_can_be_indexed_anew(customer_of, actor, administrator):
    everybody = [customer_of(name=f"钱{letter}") for letter in "甲乙丙"]
    assert customer_search(user=actor(administrator), text="钱") == []
    assert list(search_index_all()) == [3]
    assert len(customer_search(user=actor(administrator), text="钱")) == len(everybody)
    assert list(search_index_all(after=everybody[-1].pk)) == []


def test_what_the_index_keeps():
    assert document(1, "王 小明", "7", ["12", "400-800"], []) == Document(1, "王 小 明", "7", "400800 0800", "")
    assert [each.is_prefix for each in terms("王 wang")] == [False, True]
    assert len(terms("a " * 50)) == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ＡＢＣ１２", "abc12"),
        ("O'Neil", "o neil"),
        ("_x_", "x"),
        ("ｶﾀ", "カ タ"),
        ("𠮷野", "𠮷 野"),
        ("Straße", "strasse"),
        ("Éclair Ñandú", "eclair nandu"),
        ("ガ", "ガ"),
    ],
)
def test_texts_are_written_alike(text, words):
    assert searchable(text) == words
