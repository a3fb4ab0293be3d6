"""Starting, cancelling, publishing and taking back runs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.jobs import job_cancel, job_enqueue
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import ScoreVersion
from guanxi_crm.customers.services.scores import scores_take_back
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.studies import HORIZON_DAYS, HORIZON_LIMITS, STUDIES

__all__ = ["has_data", "run_cancel", "run_create", "run_publish", "run_take_back", "studies_checked"]

ONE_AT_A_TIME = "insights.run"
"""Runs and publications share one place in the queue: two beside each other would only be slower, and in each other's
way."""


@transaction.atomic
def run_create(
    *,
    user: Actor,
    studies: Sequence[str] = STUDIES,
    as_of: dt.date | None = None,
    horizon_days: int = HORIZON_DAYS,
    publish: bool = True,
    run_id: uuid.UUID | None = None,
) -> Run:
    """Queue a run of studies on what the warehouse holds.

    Permission: run.create, and run.publish where it is to be published. Audit: create.

    Parameters
    ----------
    user : on whose behalf it runs
    studies : of `STUDIES`; those whose scores they read run, too
    as_of : events strictly before it are read; by default the day after the last event
    horizon_days : how far ahead the studies look
    publish : whether the scores go to the customers when they are there
    run_id : the run's own; where it is given twice, there is one run (a schedule's job may be done twice)

    Raises
    ------
    NotAllowed
    RuleBroken : nothing has been imported; no such study, or none; a horizon out of its limits; another run is at it.
    """
    user.require("run", "create")
    user.require_writable("run", ["studies", "as_of", "horizon_days"])
    if publish:
        user.require("run", "publish")
    wanted = studies_checked(studies, horizon_days)
    if not has_data():
        raise RuleBroken("crm_insights.no_data")
    run = Run(
        pk=run_id or uuid.uuid4(), user_id=user.user_id, created_at=timezone.now(), studies=wanted, as_of=as_of,
        horizon_days=horizon_days,
    )  # fmt: skip
    parameters = {"run": str(run.pk), "publish": publish}
    job = job_enqueue(user=user, kind="insights.run", parameters=parameters, unique=ONE_AT_A_TIME)
    if job.parameters.get("run") != str(run.pk):
        raise RuleBroken("crm_insights.already_running")
    run.job = job
    run.save(force_insert=True)
    log(user=user, kind="run", record=run, action="create", note={**parameters, "studies": wanted})
    return run


def studies_checked(studies: Sequence[str], horizon_days: int) -> list[str]:
    """These studies in the order in which they run.

    Raises
    ------
    RuleBroken : no such study, none at all, or the horizon is out of its limits.
    """
    unknown = [name for name in studies if name not in STUDIES]
    if unknown or not studies:
        raise RuleBroken("crm_insights.which_studies", field="studies")
    least, most = HORIZON_LIMITS
    if not least <= horizon_days <= most:
        raise RuleBroken("crm_insights.horizon_limits", field="horizon_days", least=least, most=most)
    return [name for name in STUDIES if name in studies]


@transaction.atomic
def run_cancel(*, user: Actor, run_id: uuid.UUID) -> Run:
    """Stop a run, or the publication of one: at once if it waits, else within seconds. Nothing half done is shown.

    Permission: run.cancel. Audit: cancel. Raises: NotFound, NotAllowed, RuleBroken (it has ended already).
    """
    run = _run(user, run_id, "cancel")
    if not run.is_under_way:
        raise RuleBroken("crm_insights.has_ended")
    job_cancel(job=run.job)
    log(user=user, kind="run", record=run, action="cancel")
    return run


@transaction.atomic
def run_publish(*, user: Actor, run_id: uuid.UUID) -> Run:
    """Queue the publication of what a run found: its scores become those of the customers, as one version.

    Permission: run.publish. Audit: publish, when it is done. Raises: NotFound, NotAllowed, RuleBroken (it is the
    published one, it holds no scores, or another run is at it).
    """
    run = _run(user, run_id, "publish")
    if run.published is not None and run.published.is_current:
        raise RuleBroken("crm_insights.is_current")
    if not run.result.get("scored"):
        raise RuleBroken("crm_insights.nothing_to_publish")
    job = job_enqueue(user=user, kind="insights.publish", parameters={"run": str(run.pk)}, unique=ONE_AT_A_TIME)
    if job.kind != "insights.publish" or job.parameters.get("run") != str(run.pk):
        raise RuleBroken("crm_insights.already_running")
    run.job = job
    run.save(update_fields=["job"])
    return run


@transaction.atomic
def run_take_back(*, user: Actor, run_id: uuid.UUID) -> ScoreVersion | None:
    """Take a run's scores back from the customers; those that were published before are shown again.

    Permission: run.publish. Audit: take_back. Raises: NotFound, NotAllowed, RuleBroken (others are published).

    Returns
    -------
    the version that is current now; None where there was none before
    """
    run = _run(user, run_id, "publish")
    if run.published is None or not run.published.is_current:
        raise RuleBroken("crm_insights.is_not_current")
    scores_take_back(user=user)
    log(user=user, kind="run", record=run, action="take_back")
    return ScoreVersion.objects.filter(is_current=True).first()


def has_data() -> bool:
    """Whether anything has ever been imported."""
    return (settings.WAREHOUSE_DIR / "catalogue.sqlite").is_file()


def _run(user: Actor, run_id: uuid.UUID, action: str) -> Run:
    run = user.narrow("run", Run.objects.select_related("job", "published")).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    user.require("run", action, run)
    return run
