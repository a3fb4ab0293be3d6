"""What happened with a customer: every kind in one list, each event once, nothing hidden."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.customers.models import Consent, HandOver, Note, ScoreVersion, SegmentChange, Task
from guanxi_crm.customers.selectors.timeline import Source, customer_sources, timeline_first, timeline_page
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors.of_customer import order_months, order_source
from guanxi_crm.users.policy import nobody

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def order_at(customer, at, *, number="1", amount=12345):
    return Order.objects.create(
        key=f"{customer.pk}-{number}", source="shop", number=number, customer=customer, ordered_at=at,
        ordered_on=at.date(), lines_count=1, items=1, amount=amount, currency="CNY", channel="门店",
    )  # fmt: skip


def sources(customer, user) -> list[Source]:
    orders = order_source(customer, user=user)
    return [*([orders] if orders else []), *customer_sources(customer, user=user)]


def pages(customer, user, *, size, kinds=()):
    cursor = None
    while True:
        page = timeline_page(sources(customer, user), user=user, kinds=kinds, cursor=cursor, size=size)
        yield page.events
        cursor = page.next
        if cursor is None:
            return


def whole(customer, user, *, size=100, kinds=()):
    return list(itertools.chain.from_iterable(pages(customer, user, size=size, kinds=kinds)))


def test_all_kinds_stand_in_one_list_the_latest_first(sales, manager, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    version = ScoreVersion.objects.create(
        state=ScoreVersion.State.KEPT, as_of=AT.date(), snapshot_id=1, published_at=AT + 2 * HOUR
    )
    order_at(customer, AT)
    Note.objects.create(customer=customer, author=sales, text="来电", at=AT + HOUR)
    SegmentChange.objects.create(customer=customer, scored=version, as_of=AT.date(), before="loyal", after="at_risk")
    Consent.objects.create(
        customer=customer, purpose="marketing", channel="sms", is_given=True, at=AT + 3 * HOUR, by=sales, proof="表"
    )
    Task.objects.create(customer=customer, title="回电话", assignee=sales, created_at=AT + 4 * HOUR, due_on=AT.date())
    HandOver.objects.create(
        customer=customer,
        from_owner=manager,
        to_owner=sales,
        to_team=team,
        by=manager,
        note="请多关照",
        at=AT + 5 * HOUR,
    )
    log(user=actor(sales), kind="customer", record=customer, action="change", changes={"city": ("杭州", "上海")},
        at=AT + 6 * HOUR)  # fmt: skip
    told = whole(customer, actor(sales))
    assert [each.kind for each in told] == [
        "changes", "hand_overs", "tasks", "consents", "segments", "notes", "orders",
    ]  # fmt: skip
    changes, handed, task, consent, segment, note, order = told
    assert (changes.by, changes.title, changes.changes) == ("Sam Sales", "change", {"city": ["杭州", "上海"]})
    assert (handed.by, handed.data, handed.title, handed.more, handed.detail) == (
        "Mei Manager", "Mei Manager", "Sam Sales", "华东", "请多关照",
    )  # fmt: skip
    assert (task.title, task.by, task.day, task.data) == ("回电话", "Sam Sales", AT.date(), "")
    assert (consent.title, consent.data, consent.value, consent.detail) == ("marketing", "sms", 1, "表")
    assert (segment.data, segment.title, segment.day, segment.at) == ("loyal", "at_risk", AT.date(), AT + 2 * HOUR)
    assert (note.by, note.detail, note.value) == ("Sam Sales", "来电", sales.pk)
    assert (order.title, order.value, order.data, order.more, order.at) == ("1", 12345, "CNY", "门店", AT)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_join_without_gap_or_repetition_though_many_have_the_same_moment(size, manager, actor, customer_of):
    customer, other = customer_of(), customer_of()
    dice = random.Random(size)  # noqa: S311
    for number in range(20):
        # Three moments only, one of them with parts of a second.
        at = AT + dice.randrange(3) * dt.timedelta(microseconds=1500)
        Note.objects.create(customer=customer, author=manager, text=str(number), at=at)
        order_at(customer, at, number=str(number))
        Task.objects.create(customer=customer, title=str(number), assignee=manager, created_at=at)
    Note.objects.create(customer=other, author=manager, text="another's", at=AT)
    user = actor(manager)
    told = list(pages(customer, user, size=size))
    events = list(itertools.chain.from_iterable(told))
    assert {len(page) for page in told[:-1]} <= {size}
    assert len({(each.kind, each.key) for each in events}) == len(events) == 60
    keys = [(each.at, each.kind, each.key) for each in events]
    assert keys == sorted(keys, reverse=True)
    assert events == whole(customer, user)


def test_one_kind_alone(manager, actor, customer_of):
    customer = customer_of()
    for number in range(3):
        Note.objects.create(customer=customer, author=manager, text=str(number), at=AT + number * HOUR)
        order_at(customer, AT + number * HOUR, number=str(number))
    assert [each.detail for each in whole(customer, actor(manager), kinds=["notes"], size=2)] == ["2", "1", "0"]


def test_what_a_role_does_not_see_is_not_in_it(viewer, service, actor, customer_of):
    customer = customer_of()
    order_at(customer, AT)
    Note.objects.create(customer=customer, author=service, text="来电", at=AT)
    log(user=actor(service), kind="customer", record=customer, action="change",
        changes={"name": ("甲", "乙"), "city": ("杭州", "上海")}, at=AT)  # fmt: skip
    log(user=actor(service), kind="customer", record=customer, action="change", changes={"phone": (None, "138")}, at=AT)
    seen = whole(customer, actor(viewer))
    # Of the first change the city only; of the second, which hides all it says, nothing at all.
    assert [(each.kind, each.changes) for each in seen] == [("changes", {"city": ["杭州", "上海"]})]
    assert [each.kind for each in whole(customer, actor(service))] == ["orders", "notes", "changes", "changes"]


def test_without_amounts_an_order_is_told_without_its_amount(service, actor, customer_of):
    role = service.roles.get()
    role.grants["customer"]["fields"]["amount"] = "hidden"
    role.save()
    customer = customer_of()
    order_at(customer, AT)
    [order] = whole(customer, actor(service))
    assert (order.kind, order.title, order.value) == ("orders", "1", None)
    assert order_months(user=actor(service), customer=customer) == []


def test_a_segment_that_was_taken_back_never_was(manager, actor, customer_of):
    customer = customer_of()
    for state in ScoreVersion.State.values:
        version = ScoreVersion.objects.create(state=state, as_of=AT.date(), snapshot_id=1, published_at=AT)
        SegmentChange.objects.create(customer=customer, scored=version, as_of=AT.date(), before="new", after=state)
    assert {each.title for each in whole(customer, actor(manager))} == {"kept", "swept"}


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "WzEsMiwzXQ", "W10", "eyJhIjoxfQ"])
def test_a_damaged_cursor_is_refused(cursor, manager, actor, customer_of):
    customer = customer_of()
    with pytest.raises(RuleBroken):
        timeline_page(customer_sources(customer, user=actor(manager)), user=actor(manager), cursor=cursor)


def test_a_page_takes_one_query(manager, actor, customer_of, django_assert_num_queries):
    customer, user = customer_of(), actor(manager)
    for number in range(30):
        order_at(customer, AT + number * HOUR, number=str(number))
    told = sources(customer, user)
    with django_assert_num_queries(1):
        page = timeline_page(told, user=user)
    with django_assert_num_queries(1):
        timeline_page(told, user=user, cursor=page.next)


def test_months_add_up_on_the_companys_calendar(manager, stranger, actor, customer_of):
    customer = customer_of()
    for number, (on, amount) in enumerate(
        [(dt.date(2025, 12, 31), 100), (dt.date(2026, 1, 1), 20), (dt.date(2026, 1, 31), 3), (dt.date(2026, 3, 1), -5)]
    ):
        made = order_at(customer, AT, number=str(number), amount=amount)
        Order.objects.filter(pk=made.pk).update(ordered_on=on)
    months = order_months(user=actor(manager), customer=customer)
    assert [(each.month, each.orders, each.amount, each.currency) for each in months] == [
        (dt.date(2025, 12, 1), 1, 100, "CNY"), (dt.date(2026, 1, 1), 2, 23, "CNY"), (dt.date(2026, 3, 1), 1, -5, "CNY"),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        order_months(user=actor(stranger), customer=customer)


def test_the_first_page_is_the_same_for_whoever_reads_it_and_whatever_he_may_see(
    administrator, sales, colleague, manager, analyst, team, actor, customer_of
):
    first, second = customer_of(owner=sales, team=team), customer_of(owner=colleague, team=team)
    for customer in (first, second):
        for at in range(23):
            order_at(customer, AT + at * HOUR, number=str(at), amount=at)
        Note.objects.create(customer=customer, author=sales, text=f"来电 {customer.pk}", at=AT + 30 * HOUR)
        Task.objects.create(customer=customer, title="t", assignee=customer.owner, created_at=AT + 31 * HOUR)
        log(user=actor(sales), kind="customer", record=customer, action="change", changes={"city": ("", "上海")}, at=AT)
    for user in map(actor, (administrator, sales, colleague, manager, analyst)):
        # The second time from what was kept of the first.
        for customer in (first, second, first):
            page, kinds = timeline_first(customer, user=user, sources_of=sources)
            assert page == timeline_page(sources(customer, user), user=user)
            assert kinds == tuple(source.kind for source in sources(customer, user))


def test_who_may_see_less_now_has_another_first_page(sales, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    Note.objects.create(customer=customer, author=sales, text="来电", at=AT)
    page, kinds = timeline_first(customer, user=actor(sales), sources_of=sources)
    assert ("notes" in kinds, len(page.events)) == (True, 1)
    role = sales.roles.get()
    role.grants["customer"].setdefault("fields", {})["notes"] = "hidden"
    role.save()
    page, kinds = timeline_first(customer, user=actor(type(sales).objects.get(pk=sales.pk)), sources_of=sources)
    assert ("notes" in kinds, page.events) == (False, [])


def test_the_first_page_of_whoever_sees_nothing_is_empty(actor, customer_of):
    page, kinds = timeline_first(customer_of(), user=nobody(), sources_of=sources)
    assert (page.events, page.next, kinds) == ([], None, ())


def test_the_first_page_takes_one_query(administrator, actor, customer_of, django_assert_num_queries):
    customer, user = customer_of(), actor(administrator)
    timeline_first(customer, user=user, sources_of=sources)
    with django_assert_num_queries(1):
        timeline_first(customer, user=user, sources_of=sources)
