"""A run from the button to the published scores."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.jobs.attempt import attempt
from guanxi_crm.core.jobs.queue import job_claim
from guanxi_crm.core.models import AuditEntry, Job
from guanxi_crm.customers.models import CustomerScores, ScoreVersion, SegmentChange
from guanxi_crm.insights.models import ProductRule, Run, StudyResult
from guanxi_crm.insights.services import run_cancel, run_create, run_publish, run_take_back
from guanxi_crm.insights.studies import STUDIES
from guanxi_crm.insights.work.sweep import runs_sweep

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("mined")]


def test_a_run_mines_keeps_and_publishes(imported, admin, place):
    run = run_create(user=admin)
    assert run.state_now == "queued"
    job, lease = job_claim(["insights.run"], at=timezone.now())
    assert attempt(job.pk, lease) == 0

    run.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, job.problem, run.state_now) == ("done", {}, "done")
    assert run.as_of == imported.mined.as_of
    assert [each.study for each in run.results.order_by("position")] == list(STUDIES)
    grades = {each.study: each.grade for each in run.results.all()}
    assert grades == {each.study: each.judgement.grade if each.judgement else "" for each in imported.mined.results}
    version = ScoreVersion.objects.get()
    assert (version.pk, version.is_current, version.customers) == (run.published_id, True, 300)
    assert {each.name for each in (place / "runs" / str(run.pk)).iterdir()} == {"en", "zh", "scores.parquet"}
    assert [each["code"] for each in run.result["stages"]][:2] == ["cli.stage_features", "cli.stage_study_overview"]


def test_what_is_published_is_exactly_what_was_mined(published_run, place):
    told = pq.read_table(place / "runs" / str(published_run.pk) / "en" / "customers.parquet").to_pylist()
    scores = {each.customer.number: each for each in CustomerScores.objects.select_related("customer")}
    assert len(told) == len(scores) == 300
    for row in told:
        shown = scores[row["customer_id"]]
        for name in (
            "orders",
            "items",
            "r",
            "f",
            "m",
            "p_alive",
            "expected_orders",
            "next_order_on",
            "churn_probability",
        ):
            assert getattr(shown, name) == row[name], name
        for name in ("segment", "value_group", "abc", "churn_band"):
            assert getattr(shown, name) == (row[name] or ""), name
        for name in ("amount", "returns_amount", "expected_amount", "expected_amount_low", "next_order_amount"):
            assert getattr(shown, name) == (None if row[name] is None else int(row[name] * 100)), name
        moment = shown.last_order_at and shown.last_order_at.replace(tzinfo=None)
        assert moment == row["last_order_at"]
        assert shown.reasons.get("segments", []) == [[r["code"], r["value"], r["effect"]] for r in row["reasons"] or ()]


def test_rules_are_published_with_their_products(published_run, imported):
    rules = [
        row for row in imported.mined.result("affinity").tables["rules"].to_pylist() if len(row["consequent"]) == 1
    ]
    assert published_run.result["grades"]["affinity"] in "AB"
    assert ProductRule.objects.count() == len(rules) > 20
    rule = ProductRule.objects.order_by("-lift").first()
    same = next(r for r in rules if r["antecedent"] == rule.antecedent and r["consequent"] == [rule.consequent])
    assert (rule.count, rule.confidence, rule.lift) == (same["count"], same["confidence"], same["lift"])
    assert sorted(rule.items.values_list("product_code", flat=True)) == sorted(rule.antecedent)
    assert rule.size == len(rule.antecedent)


def test_only_one_run_is_under_way(imported, admin):
    first = run_create(user=admin)
    with pytest.raises(RuleBroken, match="running already"):
        run_create(user=admin, studies=["segments"])
    assert list(Run.objects.all()) == [first]
    assert Job.objects.count() == 1


def test_after_a_run_has_ended_another_may_begin(imported, admin):
    first = run_create(user=admin)
    run_cancel(user=admin, run_id=first.pk)
    assert run_create(user=admin).pk != first.pk


def test_a_waiting_run_is_cancelled_at_once(imported, admin):
    run = run_create(user=admin)
    run_cancel(user=admin, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state_now, run.is_under_way) == ("cancelled", False)
    with pytest.raises(RuleBroken, match="has ended"):
        run_cancel(user=admin, run_id=run.pk)


def test_without_data_nothing_is_run(place, admin, company):
    with pytest.raises(RuleBroken, match="nothing to study"):
        run_create(user=admin)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"studies": []}, "studies"), ({"studies": ["horoscope"]}, "studies"), ({"horizon_days": 3}, "horizon_days")],
)
def test_what_cannot_be_run_is_refused_beside_its_field(imported, admin, values, field):
    with pytest.raises(RuleBroken) as refused:
        run_create(user=admin, **values)
    assert refused.value.field == field
    assert not Run.objects.exists()


def test_who_may_only_look_neither_runs_nor_cancels_nor_publishes(published_run, actor, viewer, sales):
    before = (Run.objects.count(), Job.objects.count(), AuditEntry.objects.count())
    for user in (actor(viewer), actor(sales)):
        for write in (
            lambda user=user: run_create(user=user),
            lambda user=user: run_cancel(user=user, run_id=published_run.pk),
            lambda user=user: run_publish(user=user, run_id=published_run.pk),
            lambda user=user: run_take_back(user=user, run_id=published_run.pk),
        ):
            with pytest.raises((NotAllowed, NotFound)):
                write()
    assert (Run.objects.count(), Job.objects.count(), AuditEntry.objects.count()) == before
    assert ScoreVersion.objects.get().is_current


def test_taking_back_shows_what_was_shown_before(published_run, mined_again, admin):
    first, second = published_run.published, mined_again.published
    assert second.is_current
    assert run_take_back(user=admin, run_id=mined_again.pk) == first
    with pytest.raises(RuleBroken, match="nothing to take back"):
        run_take_back(user=admin, run_id=mined_again.pk)
    assert run_take_back(user=admin, run_id=published_run.pk) is None
    assert not ScoreVersion.objects.filter(is_current=True).exists()


def test_a_second_run_tells_who_changed_segment(published_run, mined_again):
    before = {each.customer_id: each.segment for each in CustomerScores.objects.filter(scored=published_run.published)}
    after = {each.customer_id: each.segment for each in CustomerScores.objects.filter(scored=mined_again.published)}
    moved = {key for key in after if before[key] and after[key] and before[key] != after[key]}
    assert len(moved) > 10
    changes = SegmentChange.objects.filter(scored=mined_again.published)
    assert {each.customer_id: (each.before, each.after) for each in changes} == {
        key: (before[key], after[key]) for key in moved
    }


def test_what_was_taken_back_is_published_again(published_run, admin, job_of, administrator):
    run_take_back(user=admin, run_id=published_run.pk)
    run = run_publish(user=admin, run_id=published_run.pk)
    job, lease = job_claim(["insights.publish"], at=timezone.now())
    assert (run.job, attempt(job.pk, lease)) == (job, 0)
    run.refresh_from_db()
    assert run.published.is_current
    assert CustomerScores.objects.filter(scored=run.published).count() == 300
    with pytest.raises(RuleBroken, match="published ones already"):
        run_publish(user=admin, run_id=run.pk)


def test_some_studies_alone(imported, admin):
    run = run_create(user=admin, studies=["affinity"], publish=False)
    job, lease = job_claim(["insights.run"], at=timezone.now())
    assert attempt(job.pk, lease) == 0
    run.refresh_from_db()
    assert [each.study for each in run.results.all()] == ["affinity"]
    assert run.published is None
    with pytest.raises(RuleBroken, match="nothing to publish"):
        run_publish(user=admin, run_id=run.pk)


def test_a_date_before_all_data_is_told_in_words(imported, admin):
    run = run_create(user=admin, as_of=imported.mined.as_of.replace(year=2020))
    job, lease = job_claim(["insights.run"], at=timezone.now())
    assert attempt(job.pk, lease) == 0
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, run.state_now) == ("failed", "failed")
    assert "2020" in job.problem["sentences"]["zh"]
    assert not StudyResult.objects.exists()


def test_old_runs_leave_their_grades_and_free_the_disk(published_run, mined_again, place):
    for _ in range(3):
        (place / "runs" / str(Run().pk)).mkdir()
    (place / "runs" / f".{published_run.pk}").mkdir()
    assert runs_sweep(files=1, documents=1) == 5
    assert [path.name for path in (place / "runs").iterdir()] == [str(mined_again.pk)]
    old = published_run.results.get(study="segments")
    assert (old.document, bool(old.summary["en"]["finding"])) == ({}, True)
    assert mined_again.results.get(study="segments").document["en"]["chapters"]
    assert published_run.results.get(study="value").grade == published_run.result["grades"]["value"]


def test_the_published_run_keeps_its_files(published_run, mined_again, admin, place):
    run_take_back(user=admin, run_id=mined_again.pk)
    runs_sweep(files=1)
    assert (place / "runs" / str(published_run.pk)).is_dir()


def test_a_run_without_files_is_not_published_and_says_so(mined_run, admin, place):
    shutil.rmtree(place / "runs" / str(mined_run.pk))
    run_publish(user=admin, run_id=mined_run.pk)
    job, lease = job_claim(["insights.publish"], at=timezone.now())
    assert attempt(job.pk, lease) == 0
    job.refresh_from_db()
    assert "no longer on the server" in job.problem["sentences"]["en"]
    assert not ScoreVersion.objects.exists()
