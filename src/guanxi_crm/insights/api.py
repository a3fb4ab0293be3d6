"""Runs of studies in the API, read-only."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router

from guanxi_crm.core.api import PAGE_SIZE, REFUSED, Answer, Cursor, Limit, RecordPage, page_out, shown
from guanxi_crm.core.policy import Actor
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.selectors.runs import run_get, run_results, runs_of

__all__ = ["router"]

router = Router(tags=["runs"])

RunId = Annotated[
    uuid.UUID,
    Path(description="The run's `id`, as the list gives it.", examples=["2f1c0e52-6d0b-4c7e-9a55-0d3f3d1c7a10"]),
]
"""Which run, in the address."""


class RunOut(Answer):
    """One run of studies on one snapshot as of one date."""

    id: uuid.UUID
    state: str
    created_at: dt.datetime
    is_published: bool
    snapshot_id: int | None = None
    studies: list[str] | None = None
    as_of: dt.date | None = None
    horizon_days: int | None = None


class StudyOut(Answer):
    """What one study found: its grade on later data, how that was judged, what was missing; sentences by language."""

    study: str
    grade: str
    summary: dict[str, Any]
    judgement: dict[str, Any]
    missing: dict[str, Any]


class RunDetail(RunOut):
    """One run with what each of its studies found."""

    results: list[StudyOut] | None = None


class RunPage(RecordPage):
    """Runs, newest first."""

    items: list[RunOut]


@router.get(
    "/runs", response={200: RunPage, **REFUSED}, exclude_unset=True, operation_id="runs", summary="Runs, newest first"
)
def runs(request: HttpRequest, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> dict[str, Any]:
    """Runs of studies with their state; the one whose scores the customers have is `is_published`."""
    user: Actor = request.auth
    user.require("run", "view")
    return page_out(runs_of(user=user, size=limit, cursor=cursor), lambda run: _run(user, run))


@router.get(
    "/runs/{run_id}", response={200: RunDetail, **REFUSED}, exclude_unset=True, operation_id="run",
    summary="One run, and what each study found",
)  # fmt: skip
def run(request: HttpRequest, run_id: RunId) -> dict[str, Any]:
    """The run, and of each study its grade on later data, how that was judged, and what was missing; sentences in
    English and Chinese. `results` is absent for who may not see them."""
    user: Actor = request.auth
    user.require("run", "view")
    found = run_get(user=user, run_id=run_id)
    answer = _run(user, found)
    if user.may_read("run", "results"):
        answer["results"] = [
            {
                "study": each.study, "grade": each.grade, "summary": each.summary, "judgement": each.judgement,
                "missing": each.missing,
            }
            for each in run_results(user=user, run=found)
        ]  # fmt: skip
    return answer


def _run(user: Actor, run: Run) -> dict[str, Any]:
    values = {"studies": run.studies, "as_of": run.as_of, "horizon_days": run.horizon_days}
    return {
        "id": run.pk,
        "state": run.state_now,
        "created_at": run.created_at,
        "is_published": bool(run.published and run.published.is_current),
        "snapshot_id": run.snapshot_id,
        **shown(user.readable("run"), values),
    }
