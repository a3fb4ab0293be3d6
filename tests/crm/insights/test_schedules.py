"""Studies that run by themselves."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.jobs.attempt import attempt
from guanxi_crm.core.jobs.queue import job_claim
from guanxi_crm.core.jobs.schedule import schedules_queue
from guanxi_crm.core.models import AuditEntry, Job, Schedule
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.services import run_create, schedule_delete, schedule_pause, schedule_save

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("mined")]
NIGHT = dt.time(3, 30)


def due(schedule):
    """As if its time had come."""
    Schedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - dt.timedelta(hours=5))
    return schedules_queue(at=timezone.now())


def work_once(kind="insights.scheduled"):
    job, lease = job_claim([kind], at=timezone.now())
    assert attempt(job.pk, lease) == 0
    job.refresh_from_db()
    return job


def test_a_schedule_starts_a_run_at_its_time(imported, admin):
    schedule = schedule_save(user=admin, every="week", weekday=2, at=NIGHT, studies=["segments"], horizon_days=60)
    local = timezone.localtime(schedule.next_at, dt.timezone(dt.timedelta(hours=8)))
    assert (local.weekday(), local.time()) == (2, NIGHT)
    assert due(schedule) == 1
    job = work_once()
    run = Run.objects.get()
    assert (job.state, job.result) == ("done", {"run": str(run.pk)})
    assert (run.studies, run.horizon_days, run.user_id) == (["segments"], 60, admin.user_id)
    assert run.job.parameters["publish"] is True
    assert Schedule.objects.get().next_at > timezone.now()


def test_its_job_done_twice_starts_one_run(imported, admin):
    due(schedule_save(user=admin, every="day", at=NIGHT))
    job = work_once()
    Job.objects.filter(pk=job.pk).update(state="queued")
    work_once()
    assert Run.objects.count() == 1


def test_a_run_under_way_will_do(imported, admin):
    due(schedule_save(user=admin, every="day", at=NIGHT))
    run = run_create(user=admin)
    assert work_once().result == {"run": None}
    assert Run.objects.get() == run


def test_a_schedule_of_somebody_who_has_gone_starts_nothing(imported, admin, administrator):
    due(schedule_save(user=admin, every="day", at=NIGHT))
    administrator.is_active = False
    administrator.save()
    assert work_once().state == "failed"
    assert not Run.objects.exists()


def test_paused_it_waits_and_deleted_it_is_gone(imported, admin):
    schedule = schedule_save(user=admin, every="month", day=28, at=NIGHT)
    schedule_pause(user=admin, schedule_id=schedule.pk, is_active=False)
    assert due(schedule) == 0
    schedule_pause(user=admin, schedule_id=schedule.pk, is_active=True)
    assert Schedule.objects.get().next_at > timezone.now()
    schedule_delete(user=admin, schedule_id=schedule.pk)
    assert not Schedule.objects.exists()
    noted = AuditEntry.objects.filter(kind="run", action="schedule").order_by("pk")
    assert [each.note["what"] for each in noted] == ["save", "pause", "resume", "delete"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"every": "year"}, "every"), ({"every": "month", "day": 31}, "day"), ({"every": "week", "weekday": 7}, "weekday"),
        ({"every": "day", "studies": []}, "studies"),
    ],
)  # fmt: skip
def test_times_that_there_are_not_are_refused(admin, company, values, field):
    with pytest.raises(RuleBroken) as refused:
        schedule_save(user=admin, at=NIGHT, **values)
    assert refused.value.field == field
    assert not Schedule.objects.exists()


def test_others_schedules_are_not_ours(admin, company):
    other = Schedule.objects.create(kind="other.thing", every="day", at=NIGHT, next_at=timezone.now())
    with pytest.raises(NotFound):
        schedule_delete(user=admin, schedule_id=other.pk)
    assert Schedule.objects.filter(pk=other.pk).exists()


def test_who_may_not_schedule_changes_nothing(admin, company, actor, viewer):
    schedule = schedule_save(user=admin, every="day", at=NIGHT)
    looking = actor(viewer)
    for write in (
        lambda: schedule_save(user=looking, every="day", at=NIGHT),
        lambda: schedule_save(user=looking, every="week", at=NIGHT, schedule_id=schedule.pk),
        lambda: schedule_pause(user=looking, schedule_id=schedule.pk, is_active=False),
        lambda: schedule_delete(user=looking, schedule_id=schedule.pk),
    ):
        with pytest.raises(NotAllowed):
            write()
    assert list(Schedule.objects.values_list("every", "is_active")) == [("day", True)]


def test_the_page_makes_changes_pauses_and_deletes(imported, administrator, client_of):
    client = client_of(administrator, language="zh")
    address = reverse("insights:schedule")
    options = {"every": "week", "weekday": "0", "day": "1", "at": "02:15", "studies": ["churn", "value"],
               "horizon_days": "90", "publish": "on"}  # fmt: skip
    assert client.post(address, options).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.parameters == {"studies": ["value", "churn"], "horizon_days": 90, "publish": True}
    page = client.get(address).content.decode()
    assert "每星期一 02:15" in page
    edit = reverse("insights:schedule_edit", args=[schedule.pk])
    assert 'value="02:15"' in client.get(edit).content.decode()
    assert client.post(edit, {**options, "every": "day", "publish": ""}).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.every, schedule.parameters["publish"]) == ("day", False)
    assert client.post(address, {**options, "at": "late"}).status_code == 400
    client.post(reverse("insights:schedule_pause", args=[schedule.pk]), {"is_active": "0"})
    schedule.refresh_from_db()
    assert not schedule.is_active
    client.post(reverse("insights:schedule_delete", args=[schedule.pk]))
    assert not Schedule.objects.exists()
