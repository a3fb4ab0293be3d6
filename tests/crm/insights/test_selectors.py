"""What other apps read of the studies."""

from __future__ import annotations

import pytest
from django.utils import timezone

from guanxi import words
from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.core.jobs.queue import job_claim
from guanxi_crm.customers.models import Customer
from guanxi_crm.insights.models import ProductRule, RuleItem
from guanxi_crm.insights.selectors import grade_history, grades, headlines, products_wanted, study_cards, study_latest
from guanxi_crm.insights.selectors.runs import steps_of
from guanxi_crm.insights.services import run_create, run_take_back
from guanxi_crm.insights.studies import STUDIES
from guanxi_crm.insights.work import run as work
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.users.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("mined")]


@pytest.fixture
def buyer(published_run):
    """A customer who has bought tea and a pot; the rules are only those of the test."""
    ProductRule.objects.all().delete()
    customer = Customer.objects.first()
    for code, name in (("tea", "龙井"), ("pot", "紫砂壶"), ("cup", "茶杯"), ("tray", "茶盘"), ("salt", "Salt")):
        Product.objects.create(code=code, name=name)
    now = timezone.now()
    for number, codes in enumerate((["tea"], ["pot"])):
        order = Order.objects.create(
            key=f"s|{number}", source="s", number=str(number), customer=customer, ordered_at=now,
            ordered_on=now.date(), lines_count=1, items=1, amount=100, currency="CNY",
        )  # fmt: skip
        for line, code in enumerate(codes):
            OrderLine.objects.create(
                order=order, line_no=line, product=Product.objects.get(code=code), quantity=1, amount=100,
                line_kind="sale",
            )  # fmt: skip
    return customer


def rule(run, left, right, confidence, lift):
    made = ProductRule.objects.create(
        scored=run.published, antecedent=left, size=len(left), consequent=right, consequent_name=right.title(),
        count=40, confidence=confidence, lift=lift,
    )  # fmt: skip
    for code in left:
        RuleItem.objects.create(rule=made, scored_id=run.published_id, product_code=code)
    return made


def test_products_are_wanted_by_rules_that_his_purchases_fulfil(buyer, published_run, admin, django_assert_num_queries):
    rule(published_run, ["tea"], "pot", 0.9, 9.0)  # he has it
    rule(published_run, ["tea", "salt"], "tray", 0.9, 9.0)  # he has no salt
    rule(published_run, ["tea", "pot"], "cup", 0.6, 3.0)
    rule(published_run, ["tea"], "cup", 0.5, 2.0)
    rule(published_run, ["pot"], "tray", 0.45, 9.0)
    with django_assert_num_queries(2):
        wanted = products_wanted(user=admin, customer=buyer)
    assert [(each.code, each.because, each.confidence, each.lift) for each in wanted] == [
        ("cup", ["龙井", "紫砂壶"], 0.6, 3.0),
        ("tray", ["紫砂壶"], 0.45, 9.0),
    ]
    assert [each.code for each in products_wanted(user=admin, customer=buyer, limit=1)] == ["cup"]
    run_take_back(user=admin, run_id=published_run.pk)
    assert products_wanted(user=admin, customer=buyer) == []


def test_products_wanted_are_not_told_to_who_may_not_see_the_customer(buyer, published_run, actor, user_of, sales):
    rule(published_run, ["tea"], "cup", 0.5, 2.0)
    with pytest.raises(NotFound):
        products_wanted(user=actor(sales), customer=buyer)
    grants = {
        "customer": {"actions": {"view": "all"}},
        "product": {"actions": {"view": "all"}}, "order": {"actions": {"view": "all"}, "fields": {"lines": "hidden"}},
    }  # fmt: skip
    Role.objects.create(code="blind", name="Blind", grants=grants)
    assert products_wanted(user=actor(user_of("blind")), customer=buyer) == []
    Role.objects.filter(code="blind").update(grants={**grants, "order": {"actions": {"view": "all"}}})
    assert [each.code for each in products_wanted(user=actor(user_of("blind")), customer=buyer)] == ["cup"]


def test_real_rules_name_products(published_run, imported, admin):
    row = next(r for r in imported.mined.result("affinity").tables["rules"].to_pylist() if len(r["consequent"]) == 1)
    kept = ProductRule.objects.get(consequent=row["consequent"][0], antecedent=row["antecedent"])
    assert (kept.consequent_name, kept.count) == (row["consequent_names"][0], row["count"])


def test_headlines_are_the_latest_runs_advice(published_run, imported, admin, django_assert_num_queries):
    with django_assert_num_queries(1):
        told = headlines(admin)
    advice = [each for result in imported.mined.results for each in result.advice]
    assert [each.title for each in told.advice] == [each.title.say("en") for each in advice]
    assert [each.customers for each in told.advice] == [each.customers for each in advice]
    assert told.advice[0].amount == round(advice[0].amount.minor)
    assert (told.run, told.movement) == (published_run, None)


def test_headlines_tell_who_moved(published_run, mined_again, admin):
    told = headlines(admin)
    assert told.run == mined_again
    # Nothing was mined before that date in this warehouse.
    assert told.movement is None


def test_headlines_are_for_who_may_see_results(published_run, actor, user_of):
    assert headlines(actor(user_of())) is None
    Role.objects.create(
        code="half", name="Half", grants={"run": {"actions": {"view": "all"}, "fields": {"results": "hidden"}}}
    )
    half = actor(user_of("half"))
    assert headlines(half) is None
    for read in (
        lambda: study_cards(user=half),
        lambda: study_latest(half, "churn"),
        lambda: grade_history(user=half, name="churn"),
    ):
        with pytest.raises(NotAllowed):
            read()


def test_cards_show_the_latest_of_each_study(published_run, mined_again, admin, django_assert_num_queries):
    with django_assert_num_queries(1):
        cards = study_cards(user=admin)
        assert [(card.study, card.result.run_id) for card in cards] == [
            (name, mined_again.pk if name in {"segments", "value"} else published_run.pk) for name in STUDIES
        ]
    assert grades(user=admin)["affinity"] == published_run.result["grades"]["affinity"]
    assert [each.run_id for each in grade_history(user=admin, name="value")] == [mined_again.pk, published_run.pk]
    assert study_latest(admin, "value").run_id == mined_again.pk


def test_the_steps_of_a_run_are_stages_that_it_goes_through(imported, admin):
    run = run_create(user=admin, studies=["segments", "affinity"])
    steps = steps_of(run)
    assert steps == [
        "cli.stage_features", "cli.stage_study_segments", "cli.stage_study_affinity", "cli.stage_write",
        "crm_insights.stage_scores", "crm_insights.stage_rules", "crm_insights.stage_publish",
    ]  # fmt: skip
    assert all(words.has(step) for step in steps)
    job, lease = job_claim(["insights.run"], at=timezone.now())
    seen: list[str] = []
    context = JobContext(job, lease, admin)
    tell = context.stage
    context.stage = lambda code, total=None: (seen.append(code), tell(code, total))[1]
    work.run(context)
    assert [each for each in seen if each in steps and each != "cli.stage_write"] == [
        each for each in steps if each != "cli.stage_write"
    ]
