"""What is due again and again, on the company's clock."""

from __future__ import annotations

import datetime as dt

import pytest

from guanxi_crm.core.company import company_update
from guanxi_crm.core.jobs.schedule import next_time, schedules_queue
from guanxi_crm.core.models import Job, Schedule

pytestmark = pytest.mark.django_db


def schedule(**values) -> Schedule:
    return Schedule(kind="test.work", at=dt.time(6, 30), next_at=dt.datetime(2026, 3, 5, tzinfo=dt.UTC), **values)


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"every": "day"}, utc(2026, 3, 5, 22, 30)),
        ({"every": "week", "weekday": 0}, utc(2026, 3, 8, 22, 30)),
        ({"every": "month", "day": 1}, utc(2026, 3, 31, 22, 30)),
    ],
)
def test_the_next_time_is_on_the_companys_clock(values, expected):
    company_update(timezone="Asia/Shanghai")
    assert next_time(schedule(**values), after=utc(2026, 3, 5, 12)) == expected


def test_the_same_hour_stays_the_same_when_clocks_change():
    company_update(timezone="Europe/Berlin")
    daily = schedule(every="day")
    assert next_time(daily, after=utc(2026, 3, 28, 6)) == utc(2026, 3, 29, 4, 30)
    assert next_time(daily, after=utc(2026, 3, 27, 6)) == utc(2026, 3, 28, 5, 30)


def test_what_is_due_is_queued_once_however_long_nobody_looked():
    company_update(timezone="UTC")
    daily = schedule(every="day")
    daily.save()
    assert schedules_queue(at=utc(2026, 3, 20, 12)) == 1
    assert schedules_queue(at=utc(2026, 3, 20, 12)) == 0
    daily.refresh_from_db()
    assert daily.next_at == utc(2026, 3, 21, 6, 30)
    assert Job.objects.get().unique == f"schedule:{daily.pk}"


def test_one_that_is_switched_off_is_not_queued():
    schedule(every="day", is_active=False).save()
    assert schedules_queue(at=utc(2026, 3, 20, 12)) == 0
