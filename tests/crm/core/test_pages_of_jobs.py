"""How far a job is: seen and stopped by who has started it, or an administrator."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from guanxi_crm.core.jobs import job_enqueue
from guanxi_crm.core.models import Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(manager, actor) -> Job:
    return job_enqueue(user=actor(manager), kind="nothing")


def progress(client, job):
    return client.get(reverse("core:job", args=[job.pk]), headers={"HX-Request": "true"})


def test_a_job_that_runs_is_asked_for_again_and_again(client_of, manager, job):
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, stage="crm_core.home", done=300, total=1200)
    response = progress(client_of(manager), job)
    text = response.content.decode()
    assert 'hx-trigger="every 1s"' in text
    assert '<progress class="progress progress-sm" value="300" max="1200"' in text
    assert "25%" in text
    assert "HX-Trigger" not in response


def test_before_the_first_part_of_a_stage_is_done_the_bar_only_moves(client_of, manager, job):
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, stage="crm_core.home", done=0, total=1200)
    text = progress(client_of(manager), job).content.decode()
    assert "progress-bar-indeterminate" in text
    assert "%" not in text


def test_a_job_that_is_over_is_not_asked_for_again_and_says_so(client_of, manager, job):
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended_at=timezone.now())
    response = progress(client_of(manager), job)
    assert "hx-trigger" not in response.content.decode()
    assert response["HX-Trigger"] == "job-over"


@pytest.mark.parametrize(
    ("problem", "language", "said"),
    [
        ({"sentences": {"en": "Row 3 is damaged.", "zh": "第 3 行已损坏。"}}, "zh-CN", "第 3 行已损坏。"),
        ({"sentences": {"en": "Row 3 is damaged.", "zh": "第 3 行已损坏。"}}, "en", "Row 3 is damaged."),
        ({"code": "crm_core.job_broke", "parameters": {"problem": "OSError"}}, "en", "did not foresee (OSError)"),
    ],
)
def test_a_job_that_has_failed_says_why_in_the_readers_language(client_of, manager, job, problem, language, said):
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, problem=problem)
    assert said in progress(client_of(manager, language=language), job).content.decode()


def test_an_administrator_sees_it_others_do_not_know_of_it(client_of, administrator, analyst, job):
    assert progress(client_of(administrator), job).status_code == 200
    assert progress(client_of(analyst), job).status_code == 404
    assert progress(client_of(administrator), Job(pk=uuid.uuid4())).status_code == 404


def test_who_has_started_it_stops_it(client_of, manager, job):
    stopped = client_of(manager).post(reverse("core:job_cancel", args=[job.pk]), headers={"HX-Request": "true"})
    assert stopped.status_code == 200
    assert 'data-state="cancelled"' in stopped.content.decode()
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED


def test_without_a_script_one_comes_back_to_the_page(client_of, manager, job):
    stopped = client_of(manager).post(
        reverse("core:job_cancel", args=[job.pk]), headers={"Referer": "http://testserver/studies/"}
    )
    assert (stopped.status_code, stopped["Location"]) == (302, "http://testserver/studies/")


def test_nobody_else_stops_it(client_of, analyst, job):
    client = client_of(analyst)
    assert client.post(reverse("core:job_cancel", args=[job.pk])).status_code == 404
    assert client.get(reverse("core:job_cancel", args=[job.pk])).status_code == 405
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
