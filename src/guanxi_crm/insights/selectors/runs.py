"""Runs and schedules."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.keyset import Order, Page, page_of
from guanxi_crm.core.models import JobState, Schedule
from guanxi_crm.core.policy import Actor
from guanxi_crm.insights.models import Run, StudyResult
from guanxi_crm.insights.services.schedules import SCHEDULED

__all__ = ["run_get", "run_results", "run_under_way", "runs_of", "schedules_of", "steps_of"]

_NEWEST = Order("created_at", descending=True)


def runs_of(*, user: Actor, size: int = 20, cursor: str | None = None) -> Page:
    """One page of the runs, newest first; without what they found."""
    runs = user.narrow("run", Run.objects.select_related("job", "published", "user").defer("result"))
    return page_of(runs, _NEWEST, size=size, cursor=cursor)


def run_get(*, user: Actor, run_id: uuid.UUID) -> Run:
    """One run with its job and version. Raises: NotFound."""
    run = user.narrow("run", Run.objects.select_related("job", "published", "user")).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


def run_results(*, user: Actor, run: Run) -> list[StudyResult]:
    """What each study of a run found, in order, without documents. Raises: NotAllowed."""
    user.require("run", "view", run)
    user.require_readable("run", ["results"])
    return list(run.results.defer("document").order_by("position"))


def run_under_way() -> Run | None:
    """The run that is being made or published, or waits for it: there is at most one. For whoever may see runs."""
    return Run.objects.select_related("job").filter(job__state__in=(JobState.QUEUED, JobState.RUNNING)).first()


def steps_of(run: Run) -> list[str]:
    """The stages that its job will go through, as codes; those of studies that others read may come between."""
    if run.job is None:
        return []
    publishes = ["crm_insights.stage_scores", "crm_insights.stage_rules", "crm_insights.stage_publish"]
    if run.job.kind == "insights.publish":
        return publishes
    studies = [f"cli.stage_study_{name}" for name in run.studies]
    return [
        "cli.stage_features",
        *studies,
        "cli.stage_write",
        *(publishes if run.job.parameters.get("publish") else []),
    ]


def schedules_of(*, user: Actor) -> QuerySet[Schedule]:
    """When studies run by themselves. Raises: NotAllowed."""
    user.require("run", "view")
    user.require_readable("run", ["schedule"])
    return Schedule.objects.filter(kind=SCHEDULED).select_related("user").order_by("next_at", "pk")
