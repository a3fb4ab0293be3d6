"""Tasks: whose, until when, done or not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.undo import undo
from guanxi_crm.customers.models import Task
from guanxi_crm.customers.selectors.tasks import open_tasks_count, open_tasks_of, tasks_page
from guanxi_crm.customers.services.hand_over import customer_hand_over
from guanxi_crm.customers.services.tasks import task_add, task_change, task_delete, task_set_done

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 10)
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


def day(number):
    return dt.date(2026, 3, number)


def titles(page):
    return [row.task.title for row in page.rows]


def test_a_task_is_ones_own_unless_somebody_else_is_named(sales, colleague, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    own = task_add(user=user, title=" 回电  话 ", customer_id=customer.pk, due_on=day(9), at=AT)
    given = task_add(user=user, title="寄样品", assignee_id=colleague.pk)
    assert (own.title, own.assignee, own.created_by, own.customer) == ("回电 话", sales, sales, customer)
    assert (given.assignee, given.customer) == (colleague, None)
    first = AuditEntry.objects.order_by("pk").first()
    assert (first.kind, first.changes) == (
        "task", {"title": [None, "回电 话"], "assignee": [None, "Sam Sales"], "due_on": [None, "2026-03-09"]},
    )  # fmt: skip


def test_what_is_due_first_comes_first_and_what_has_no_day_last(sales, colleague, actor):
    user = actor(sales)
    for title, due in (("b", day(12)), ("none", None), ("a", day(9)), ("c", day(12))):
        task_add(user=user, title=title, due_on=due)
    task_add(user=user, title="another's", assignee_id=colleague.pk)
    page = tasks_page(user=user, today=TODAY)
    assert titles(page) == ["a", "b", "c", "none"]
    assert [row.is_overdue for row in page.rows] == [True, False, False, False]
    assert titles(tasks_page(user=user, today=TODAY, state="overdue")) == ["a"]
    assert open_tasks_count(user=user, today=TODAY) == {"open": 4, "overdue": 1}


def test_pages_of_tasks_join_without_a_gap(sales, actor):
    user = actor(sales)
    for number in range(7):
        task_add(user=user, title=str(number), due_on=day(1 + number // 3) if number < 5 else None)
    seen, cursor = [], None
    while True:
        page = tasks_page(user=user, today=TODAY, cursor=cursor, size=2)
        seen += titles(page)
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["0", "1", "2", "3", "4", "5", "6"]


def test_done_and_not_done_after_all(sales, actor):
    user = actor(sales)
    task = task_add(user=user, title="回电话", due_on=day(9))
    for _ in range(2):
        task_set_done(user=user, task_id=task.pk, is_done=True, at=AT)
    assert titles(tasks_page(user=user, today=TODAY)) == []
    assert titles(tasks_page(user=user, today=TODAY, state="done")) == ["回电话"]
    assert AuditEntry.objects.filter(action="change").count() == 1
    task_set_done(user=user, task_id=task.pk, is_done=False)
    assert titles(tasks_page(user=user, today=TODAY)) == ["回电话"]


def test_a_manager_sees_everybodys_tasks_and_sales_staff_their_own(sales, colleague, manager, actor, customer_of):
    customer = customer_of(owner=sales, team=sales.teams.get())
    task_add(user=actor(sales), title="mine", customer_id=customer.pk)
    other = task_add(user=actor(colleague), title="theirs", customer_id=customer.pk)
    assert sorted(titles(tasks_page(user=actor(manager), today=TODAY, who="all"))) == ["mine", "theirs"]
    assert titles(tasks_page(user=actor(sales), today=TODAY, who="all")) == ["mine"]
    assert [row.task.title for row in open_tasks_of(customer, user=actor(sales), today=TODAY)] == ["mine"]
    for refused in (
        lambda: task_set_done(user=actor(sales), task_id=other.pk, is_done=True),
        lambda: task_delete(user=actor(sales), task_id=other.pk),
        lambda: task_change(user=actor(sales), task_id=other.pk, values={"title": "gone"}),
    ):
        with pytest.raises(NotFound):
            refused()
    other.refresh_from_db()
    assert (other.title, other.done_at) == ("theirs", None)


def test_of_a_customers_open_tasks_the_first_due_are_shown_and_those_without_a_day_last(sales, actor, customer_of):
    customer, user = customer_of(owner=sales), actor(sales)
    for number in range(21):
        task_add(user=user, title=f"some day {number}", customer_id=customer.pk)
    for number in (9, 8):
        task_add(user=user, title=f"on day {number}", due_on=day(number), customer_id=customer.pk)
    shown = [row.task.title for row in open_tasks_of(customer, user=user, today=TODAY)]
    assert shown == ["on day 8", "on day 9", *(f"some day {number}" for number in range(18))]


def test_who_has_a_task_about_a_customer_whom_he_does_not_see_learns_nothing_of_him(
    sales, stranger, actor, customer_of, client_of
):
    customer = customer_of(name="秘密客户", owner=sales)
    task_add(user=actor(sales), title="寄样品", customer_id=customer.pk, assignee_id=stranger.pk)
    [row] = tasks_page(user=actor(stranger), today=TODAY).rows
    assert (row.task.title, row.customer) == ("寄样品", None)
    page = client_of(stranger).get(reverse("customers:tasks")).content.decode()
    assert "寄样品" in page
    assert "秘密客户" not in page


def test_a_task_passes_to_a_colleague_and_the_trail_says_so(sales, colleague, actor):
    task = task_add(user=actor(sales), title="寄样品")
    task_change(
        user=actor(sales), task_id=task.pk, values={"title": "寄样品", "assignee_id": colleague.pk, "due_on": day(12)}
    )
    task.refresh_from_db()
    assert (task.assignee, task.due_on) == (colleague, day(12))
    assert AuditEntry.objects.order_by("pk").last().changes == {
        "assignee": ["Sam Sales", "Carl Colleague"], "due_on": [None, "2026-03-12"],
    }  # fmt: skip


def test_whose_role_makes_only_own_tasks_gives_none_to_others(sales, colleague, actor):
    role = sales.roles.get()
    role.grants["task"]["actions"]["create"] = "own"
    role.save()
    with pytest.raises(NotAllowed):
        task_add(user=actor(sales), title="寄样品", assignee_id=colleague.pk)
    task = task_add(user=actor(sales), title="寄样品")
    with pytest.raises(NotAllowed):
        task_change(user=actor(sales), task_id=task.pk, values={"assignee_id": colleague.pk})
    assert [each.assignee for each in Task.objects.all()] == [sales]


def test_nothing_without_a_title_and_nobody_who_has_left(sales, colleague, actor):
    colleague.is_active = False
    colleague.save()
    for values in ({"title": "  "}, {"title": "x" * 301}, {"title": "ok", "assignee_id": colleague.pk}):
        with pytest.raises(RuleBroken):
            task_add(user=actor(sales), **values)
    assert not Task.objects.exists()


def test_viewers_have_no_tasks(viewer, actor, client_of):
    with pytest.raises(NotAllowed):
        task_add(user=actor(viewer), title="寄样品")
    assert client_of(viewer).get(reverse("customers:tasks")).status_code == 404
    assert not Task.objects.exists()


def test_a_deleted_task_can_be_had_back_as_it_was(sales, actor, customer_of):
    user, customer = actor(sales), customer_of(owner=sales)
    task = task_add(user=user, title="回电话", customer_id=customer.pk, due_on=day(9), at=AT)
    task_set_done(user=user, task_id=task.pk, is_done=True, at=AT)
    kept = task_delete(user=user, task_id=task.pk)
    assert not Task.objects.exists()
    assert undo(user=user, undo_id=kept.pk) == 1
    back = Task.objects.get()
    assert (back.title, back.customer, back.due_on, back.done_at, back.created_at) == (
        "回电话",
        customer,
        day(9),
        AT,
        AT,
    )


def test_the_pages_add_change_finish_and_delete(sales, client_of, customer_of):
    customer, client = customer_of(owner=sales), client_of(sales)
    add = reverse("customers:customer_task_add", args=[customer.pk])
    assert client.post(add, {"title": "", "assignee": sales.pk}).status_code == 400
    answer = client.post(add, {"title": "回电话", "due_on": "2026-03-09", "assignee": sales.pk})
    assert answer["Location"] == reverse("site:customer", args=[customer.pk])
    task = Task.objects.get()
    change = reverse("customers:task_change", args=[task.pk])
    client.post(change, {"title": "回电话给他", "due_on": "", "assignee": sales.pk})
    back = reverse("site:customer", args=[customer.pk])
    done = client.post(reverse("customers:task_set_done", args=[task.pk]), {"done": "1", "next": back})
    assert done["Location"] == back
    task.refresh_from_db()
    assert (task.title, task.due_on, task.done_at is not None) == ("回电话给他", None, True)
    away = client.post(reverse("customers:task_remove", args=[task.pk]), {"next": "https://elsewhere.example/"})
    assert away["Location"] == reverse("customers:tasks")
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Overdue", "Handed over to you")), ("zh", ("已逾期", "转交给您的客户"))]
)
def test_the_page_of_tasks_asks_the_same_number_of_queries_however_many_there_are(
    language, words, sales, manager, actor, client_of, customer_of, django_assert_max_num_queries
):
    client, address = client_of(sales, language=language), reverse("customers:tasks")
    for number in range(30):
        customer = customer_of(name=f"客户{number}", owner=manager)
        customer_hand_over(
            user=actor(manager), customer_id=customer.pk, owner_id=sales.pk, team_id=None, note="请多关照"
        )
        task_add(user=actor(sales), title=f"回电话 {number}", customer_id=customer.pk, due_on=TODAY)
    client.get(address)
    with django_assert_max_num_queries(13):
        page = client.get(address).content.decode()
    assert [word in page for word in words] == [True, True]
    assert page.count("task-title") == 30
    assert "请多关照" in page


def test_hidden_fields_of_a_task_are_not_told_asked_for_or_sorted_by(sales, actor, client_of, customer_of):
    customer = customer_of(owner=sales)
    task_add(user=actor(sales), title="秘密任务", customer_id=customer.pk, due_on=day(9))
    role = sales.roles.get()
    role.grants["task"]["fields"].update({"title": "hidden", "assignee": "hidden"})
    role.save()
    for address in (reverse("customers:tasks"), reverse("site:customer", args=[customer.pk])):
        page = client_of(sales).get(address).content.decode()
        assert "2026-03-09" in page
        assert "秘密任务" not in page
        assert 'name="assignee"' not in page
    role.grants["task"]["fields"].update({"due_on": "hidden"})
    role.save()
    assert "2026-03-09" not in client_of(sales).get(reverse("site:customer", args=[customer.pk])).content.decode()
    with pytest.raises(NotAllowed):
        tasks_page(user=actor(sales), today=TODAY)
