"""From queued to done: leases, attempts, cancelling, what the reaper gives back."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from guanxi_crm.core.jobs import Cancelled, JobContext, LeaseLost, job_cancel, job_enqueue
from guanxi_crm.core.jobs.attempt import attempt
from guanxi_crm.core.jobs.queue import job_claim, job_fail, job_finish, job_give_back, job_renew, job_stop, jobs_reap
from guanxi_crm.core.jobs.registry import handlers, handles
from guanxi_crm.core.models import Company, Job
from guanxi_crm.users.policy import system

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
KIND = "test.work"


def later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


@pytest.fixture
def job() -> Job:
    return job_enqueue(user=system(), kind=KIND, parameters={"a": 1}, due_at=NOW)


@pytest.fixture
def handler(monkeypatch):
    """Puts a function in the place of the work of `KIND`."""

    def put(function):
        monkeypatch.setitem(handlers(), KIND, function)

    return put


def claimed(at: dt.datetime = NOW) -> tuple[Job, uuid.UUID]:
    found = job_claim([KIND], at=at)
    assert found is not None
    return found


def test_a_job_is_claimed_once(job):
    first, _ = claimed()
    assert (first.pk, first.state, first.attempts) == (job.pk, "running", 1)
    assert job_claim([KIND], at=NOW) is None


def test_the_oldest_that_is_due_goes_first_and_one_that_is_not_waits():
    soon = job_enqueue(user=system(), kind=KIND, due_at=later(60))
    older = job_enqueue(user=system(), kind=KIND, due_at=later(-60))
    assert claimed()[0].pk == older.pk
    assert job_claim([KIND], at=NOW) is None
    assert claimed(later(60))[0].pk == soon.pk


def test_a_worker_takes_only_what_it_has_handlers_for(job):
    assert job_claim(["other.work"], at=NOW) is None


def test_there_is_one_of_a_unique_name_until_it_has_ended():
    first = job_enqueue(user=system(), kind=KIND, unique="only", due_at=NOW)
    assert job_enqueue(user=system(), kind=KIND, unique="only", due_at=NOW) == first
    _, lease = claimed()
    assert job_enqueue(user=system(), kind=KIND, unique="only") == first
    job_finish(first.pk, lease, {}, at=NOW)
    assert job_enqueue(user=system(), kind=KIND, unique="only") != first


def test_a_lease_that_is_renewed_outlasts_the_reaper(job, settings):
    _, lease = claimed()
    assert job_renew(job.pk, lease, at=later(settings.JOB_LEASE_SECONDS - 1)) is True
    assert jobs_reap(at=later(settings.JOB_LEASE_SECONDS + 1)) == 0
    job.refresh_from_db()
    assert job.state == "running"


def test_a_lease_that_ran_out_is_given_back_and_the_dead_worker_writes_nothing(job, settings):
    _, lease = claimed()
    assert jobs_reap(at=later(settings.JOB_LEASE_SECONDS + 1)) == 1
    assert job_renew(job.pk, lease, at=later(40)) is False
    assert job_finish(job.pk, lease, {"done": True}, at=later(40)) is False
    assert job_fail(job.pk, lease, {"code": "x.y"}, at=later(40)) is False
    job.refresh_from_db()
    assert (job.state, job.result, job.problem) == ("queued", {}, {})
    assert claimed(later(41))[1] != lease


def test_a_job_that_kills_its_workers_fails_after_some_attempts(job, settings):
    at = NOW
    for _ in range(settings.JOB_ATTEMPTS):
        claimed(at)
        at += dt.timedelta(seconds=settings.JOB_LEASE_SECONDS + 1)
        jobs_reap(at=at)
    job.refresh_from_db()
    assert (job.state, job.problem, job.unique) == ("failed", {"code": "crm_core.job_died"}, None)


def test_a_worker_that_goes_gives_its_job_back_without_an_attempt_counted(job):
    _, lease = claimed()
    assert job_give_back(job.pk, lease, at=NOW, counted=False)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease) == ("queued", 0, None)


def test_a_job_that_waits_is_cancelled_at_once(job):
    job_cancel(job=job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert job_claim([KIND], at=NOW) is None


def test_a_job_that_runs_is_told_and_its_worker_hears_of_it_when_it_renews(job):
    _, lease = claimed()
    job_cancel(job=job)
    assert job_renew(job.pk, lease, at=NOW) is None
    assert job_stop(job.pk, lease, at=NOW)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_what_was_cancelled_while_its_worker_died_does_not_begin_again(job, settings):
    claimed()
    job_cancel(job=job)
    jobs_reap(at=later(settings.JOB_LEASE_SECONDS + 1))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_context_whose_lease_is_lost_writes_nothing(job):
    mine, lease = claimed()
    context = JobContext(mine, lease, system())
    job_give_back(job.pk, lease, at=NOW)
    with pytest.raises(LeaseLost), context.transaction():
        Company.objects.create(pk=1, name="never")
    assert not Company.objects.filter(name="never").exists()
    with pytest.raises(LeaseLost):
        context.stage("crm_core.job_running")
    job.refresh_from_db()
    assert job.stage == ""


def test_a_transaction_of_a_context_is_all_or_nothing(job):
    mine, lease = claimed()
    context = JobContext(mine, lease, system())
    with pytest.raises(ZeroDivisionError), context.transaction():
        Company.objects.create(pk=1, name="never")
        _ = 1 / 0
    assert not Company.objects.filter(name="never").exists()


def test_a_context_says_how_far_it_is_and_hears_of_a_cancelling(job):
    mine, lease = claimed()
    context = JobContext(mine, lease, system())
    context.stage("crm_core.job_running", 10)
    context._written = 0
    context.advance(4)
    job.refresh_from_db()
    assert (job.stage, job.done, job.total, job.share_done) == ("crm_core.job_running", 4, 10, 0.4)
    job_cancel(job=job)
    with pytest.raises(Cancelled):
        context.check()


def test_the_last_of_a_stage_is_told_at_once(job):
    mine, lease = claimed()
    context = JobContext(mine, lease, system())
    context.stage("crm_core.job_running", 10)
    context._written = float("inf")
    context.advance(4)
    job.refresh_from_db()
    assert (job.done, job.share_done) == (0, 0.0)
    context.advance(6)
    job.refresh_from_db()
    assert (job.done, job.share_done) == (10, 1.0)


def test_an_attempt_writes_down_what_the_handler_returns(job, handler):
    handler(lambda context: {"doubled": context.parameters["a"] * 2})
    mine, lease = claimed()
    assert attempt(mine.pk, lease) == 0
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"doubled": 2})


def test_an_attempt_that_stumbles_is_tried_again_and_in_the_end_says_so(job, handler, settings, caplog):
    def stumble(context):
        raise ZeroDivisionError

    handler(stumble)
    for number in range(1, settings.JOB_ATTEMPTS + 1):
        mine, lease = claimed(timezone.now())
        again = attempt(mine.pk, lease)
        assert again == (1 if number < settings.JOB_ATTEMPTS else 0)
        if again:
            job_give_back(mine.pk, lease, at=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.problem["code"]) == ("failed", "crm_core.job_broke")


def test_an_attempt_stopped_by_its_user_is_cancelled_and_one_stopped_by_its_worker_begins_again(job, handler):
    def stop(context):
        raise Cancelled

    handler(stop)
    mine, lease = claimed()
    attempt(mine.pk, lease)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    mine, lease = claimed()
    job_cancel(job=job)
    attempt(mine.pk, lease)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_an_attempt_that_is_interrupted_within_a_library_is_cancelled_too(job, handler, caplog):
    def interrupted(context):
        job_cancel(job=context.job)
        raise RuntimeError("Query interrupted")

    handler(interrupted)
    mine, lease = claimed()
    assert attempt(mine.pk, lease) == 0
    job.refresh_from_db()
    assert (job.state, job.problem) == ("cancelled", {})
    assert "stumbled" not in caplog.text


def test_two_handlers_of_one_kind_are_a_mistake(monkeypatch, handler):
    handler(dict)
    with pytest.raises(ValueError, match="two handlers"):
        handles(KIND)(lambda _: {})
