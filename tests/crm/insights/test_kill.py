"""Whatever moment a job is killed at, the next attempt loses and doubles nothing."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.core.jobs import Cancelled, JobContext, LeaseLost, job_enqueue
from guanxi_crm.core.models import Job
from guanxi_crm.customers.models import CustomerScores, ScoreVersion
from guanxi_crm.insights.models import ProductRule, RuleItem, Run, StudyResult
from guanxi_crm.insights.work import publish as publishing
from guanxi_crm.insights.work import run as work

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("mined")]


class Killed(BaseException):
    """What kill -9 leaves: the transaction under way is rolled back, those before it stand."""


class Mortal(JobContext):
    """Dies at its n-th word with the database, in the middle of a transaction where it has one."""

    left = 10**9

    def _word(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def stage(self, code, total=None):
        self._word()
        super().stage(code, total)

    def advance(self, amount):
        self._word()
        super().advance(amount)

    @contextmanager
    def transaction(self):
        with super().transaction():
            yield
            self._word()


def mortal(context: JobContext, words: int) -> Mortal:
    dying = Mortal(context.job, context._lease, context.user)
    dying.left = words
    return dying


def kept() -> tuple[int, ...]:
    """What there is of everything that could be lost or doubled."""
    current = ScoreVersion.objects.filter(is_current=True)
    return (
        current.count(),
        CustomerScores.objects.filter(scored__in=current).count(),
        ProductRule.objects.filter(scored__in=current).count(),
        RuleItem.objects.filter(scored_id__in=current).count(),
        StudyResult.objects.count(),
        ScoreVersion.objects.exclude(is_current=True).filter(state="loading").count(),
    )


@pytest.fixture
def small_batches(monkeypatch):
    """Many transactions, of which each may be the last."""
    monkeypatch.setattr(publishing, "BATCH_ROWS", 120)


def test_killed_at_any_moment_of_a_publication(mined_run, administrator, job_of, attempt_at, small_batches):
    with transaction.atomic():
        work.publish_again(job_of(administrator, "insights.publish", run=str(mined_run.pk)))
        whole = kept()
        transaction.set_rollback(True)
    assert whole[:2] == (1, 300)
    assert whole[2] > 20

    words, died = 0, 0
    while True:
        with transaction.atomic():
            context = job_of(administrator, "insights.publish", run=str(mined_run.pk))
            try:
                work.publish_again(mortal(context, words))
                transaction.set_rollback(True)
                break
            except Killed:
                died += 1
                assert kept()[:2] in {(0, 0), (1, 300)}
                work.publish_again(attempt_at(context.job))
                assert kept() == whole, words
            transaction.set_rollback(True)
        words += 1
    assert died > 10


def test_killed_while_mining_it_mines_again_and_keeps_it_once(imported, administrator, job_of, attempt_at):
    run = Run.objects.create(user=administrator, created_at=timezone.now(), studies=["overview", "segments"])
    context = job_of(administrator, "insights.run", run=str(run.pk), publish=True)
    with pytest.raises(Killed):
        work.run(mortal(context, 4))
    assert kept() == (0, 0, 0, 0, 0, 0)
    work.run(attempt_at(context.job))
    first = kept()
    assert first[:5] == (1, 300, 0, 0, 2)
    work.run(attempt_at(context.job))
    assert kept() == first


def test_a_worker_that_has_lost_its_lease_writes_nothing(mined_run, administrator, job_of, attempt_at):
    late = job_of(administrator, "insights.publish", run=str(mined_run.pk))
    attempt_at(late.job)
    with pytest.raises(LeaseLost):
        work.publish_again(late)
    assert not ScoreVersion.objects.exists()


def test_a_cancelled_publication_changes_nothing_that_is_seen(published_run, administrator, job_of, small_batches):
    again = Run.objects.create(
        user=administrator, created_at=published_run.created_at, studies=published_run.studies,
        as_of=published_run.as_of, snapshot_id=published_run.snapshot_id, result=published_run.result,
    )  # fmt: skip
    (work.settings.RUN_DIR / str(again.pk)).symlink_to(work.settings.RUN_DIR / str(published_run.pk))
    before = kept()
    context = job_of(administrator, "insights.publish", run=str(again.pk))
    Job.objects.filter(pk=context.job.pk).update(cancel_asked=True)
    with pytest.raises(Cancelled):
        work.publish_again(context)
    assert kept()[:5] == before[:5]
    assert ScoreVersion.objects.get(is_current=True) == published_run.published


def test_what_was_queued_by_somebody_who_may_no_longer_is_not_done(mined_run, viewer, actor, attempt_at):
    job = job_enqueue(user=actor(viewer), kind="insights.publish", parameters={"run": str(mined_run.pk)})
    with pytest.raises(NotAllowed):
        work.publish_again(attempt_at(job))
    assert not ScoreVersion.objects.exists()
