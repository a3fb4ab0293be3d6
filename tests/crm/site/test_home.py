"""Home: what each role begins with, and nothing that it may not see."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone

from guanxi_crm.customers.models import CustomerScores, ScoreVersion, Task
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.lists import customer_list
from guanxi_crm.customers.selectors.neighbours import MOST_ADDRESS
from guanxi_crm.insights.models import Run, StudyResult
from guanxi_crm.site.selectors.board import Few, board
from guanxi_crm.users.models import Role

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 22)
ADVICE = {
    "study": "churn", "title": {"en": "Call those who may leave", "zh": "联系可能流失的客户"},
    "text": {"en": "This week.", "zh": "本周内。"}, "customers": 2, "amount": 123400, "query": "churn_band.is=high",
}  # fmt: skip
MOVEMENT = {
    "before_as_of": "2026-10-20", "moved": 3, "new": 1,
    "flows": [{"before": "champions", "after": "at_risk", "customers": 3}],
}  # fmt: skip


@pytest.fixture
def version(company) -> ScoreVersion:
    return ScoreVersion.objects.create(
        state=ScoreVersion.State.KEPT, is_current=True, as_of=dt.date(2026, 11, 20), snapshot_id=1, currency="CNY", customers=2
    )  # fmt: skip


@pytest.fixture
def scored(version, customer_of):
    """Makes a customer with scores."""

    def make(name: str, *, group: str = "high", band: str = "high", expected: int = 100_00, **values):
        customer = customer_of(name=name, **values)
        CustomerScores.objects.create(
            scored=version, customer=customer, value_group=group, churn_band=band, expected_amount=expected,
            churn_probability=0.8, segment="at_risk",
        )  # fmt: skip
        return customer

    return make


@pytest.fixture
def run(version) -> Run:
    return Run.objects.create(
        created_at=timezone.now(), state=Run.State.DONE, studies=["churn"], published=version,
        result={"currency": "CNY", "grades": {"churn": "A"}, "advice": [ADVICE], "movement": MOVEMENT},
    )  # fmt: skip


def home(client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


# Beginning


def test_an_empty_company_is_led_to_bring_in_a_file(client_of, manager):
    text = home(client_of(manager))
    assert "Three steps to knowing your customers" in text
    assert 'href="/data/new/"' in text
    assert "Run the studies" in text


def test_who_may_not_bring_in_a_file_is_told_whom_to_ask(client_of, viewer):
    text = home(client_of(viewer))
    assert "/data/new/" not in text
    assert "Ask a manager" in text


def test_with_customers_the_next_step_is_to_run_the_studies(client_of, manager, customer_of):
    customer_of()
    text = home(client_of(manager))
    assert "/data/new/" not in text
    assert "Go to the studies" in text


def test_with_scores_the_steps_are_gone(client_of, manager, version):
    assert "Three steps" not in home(client_of(manager))


# For who leads


def test_a_manager_reads_what_to_do_first_and_what_changed(client_of, manager, run):
    text = home(client_of(manager))
    assert "Call those who may leave" in text
    assert "/customers/?churn_band.is=high" in text
    assert "3 customers have moved to another segment; 1 is new" in text
    assert "联系可能流失的客户" in home(client_of(manager, language="zh-CN"))


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("What the studies found", "972 are likely to leave.")), ("zh", ("研究发现", "972 位可能流失。")),
])  # fmt: skip
def test_beside_it_stands_what_the_studies_found_and_how_far_it_is_to_be_believed(
    language, words, client_of, manager, run
):
    summary = {"en": {"finding": "972 are likely to leave."}, "zh": {"finding": "972 位可能流失。"}}
    StudyResult.objects.create(run=run, study="churn", position=0, grade="B", summary=summary)
    StudyResult.objects.create(run=run, study="value", position=1, grade="C", summary={})
    text = home(client_of(manager, language=language))
    assert [word for word in words if word not in text] == []
    assert text.count("/studies/churn/") == 1
    assert "/studies/value/" not in text


def test_a_manager_sees_who_needs_attention_the_most_expected_first(actor, manager, scored):
    scored("陈一", expected=5_00)
    scored("陈二", expected=9_00)
    scored("陈三", group="ordinary")
    scored("陈四", band="low")
    lines = board(user=actor(manager), today=TODAY).at_risk.page.lines
    assert [line["name"] for line in lines] == ["陈二", "陈一"]


def test_what_a_study_found_is_not_told_to_who_may_not_see_it(client_of, sales, service, run, scored):
    StudyResult.objects.create(run=run, study="churn", position=0, summary={"en": {"finding": "972 may leave."}})
    text = home(client_of(sales))
    assert "Call those who may leave" not in text
    assert "972 may leave" not in text
    # Service staff do not see forecasts in money, by which these are chosen and sorted.
    scored("陈一")
    assert "Who needs attention" not in home(client_of(service))


def test_sales_staff_see_who_needs_attention_among_their_teams_customers(actor, sales, stranger, team, scored):
    scored("陈一", team=team)
    scored("陈二", owner=stranger)
    assert [line["name"] for line in board(user=actor(sales), today=TODAY).at_risk.page.lines] == ["陈一"]


def test_from_the_list_at_home_one_goes_on_in_that_list(client_of, manager, scored):
    least, most = scored("陈一", expected=5_00), scored("陈二", expected=9_00)
    to = re.search(rf'href="(/customers/{most.pk}/\?list=[^"]+)"', home(client_of(manager)))[1]
    page = client_of(manager).get(to.replace("&amp;", "&")).content.decode()
    assert re.search(rf'rel="next" href="/customers/{least.pk}/', page)


def test_a_hidden_name_does_not_show(client_of, viewer, sales, scored):
    scored("陈一", number="C1")
    text = home(client_of(viewer))
    assert "陈一" not in text
    assert "C1" in text


# For who looks after customers


def test_staff_see_their_own_customers_and_tasks(client_of, sales, colleague, customer_of):
    mine, his = customer_of(name="陈一", owner=sales), customer_of(name="陈二", owner=colleague)
    now = timezone.now()
    Task.objects.create(customer=mine, title="回访", assignee=sales, due_on=dt.date(2020, 1, 1), created_at=now)
    Task.objects.create(customer=his, title="不是我的", assignee=colleague, created_at=now)
    text = home(client_of(sales))
    assert "陈一" in text
    assert "回访" in text
    assert "1 overdue" in text
    assert "陈二" not in text
    assert "不是我的" not in text


def test_who_may_see_nothing_has_a_page_all_the_same(client_of, user_of, scored, run):
    Role.objects.create(code="none", grants={})
    scored("陈一")
    text = home(client_of(user_of("none")))
    assert "陈一" not in text
    assert "Call those" not in text


def test_the_page_asks_as_often_for_many_customers_as_for_few(
    client_of, manager, scored, run, django_assert_max_num_queries
):
    client = client_of(manager)
    for number in range(8):
        customer = scored(f"陈{number}", owner=manager, expected=number)
        Task.objects.create(customer=customer, title="回访", assignee=manager, created_at=timezone.now())
    home(client)
    with django_assert_max_num_queries(30):
        home(client)


def test_a_list_goes_along_as_far_as_an_address_bears_it(actor, manager):
    page = customer_list(user=actor(manager), query=ListQuery())
    assert Few(page, "sort=name").along == "?list=sort%3Dname"
    assert Few(page, "x" * MOST_ADDRESS).along
    assert Few(page, "x" * (MOST_ADDRESS + 1)).along == ""
