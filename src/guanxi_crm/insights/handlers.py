"""Jobs of `insights`. The mine is imported only where one of them runs: a web server never is such a place."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils.module_loading import import_string

from guanxi_crm.core.jobs import JobContext, handles
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.selectors.runs import run_under_way
from guanxi_crm.insights.services.runs import run_create
from guanxi_crm.insights.services.schedules import SCHEDULED

__all__ = ["publish", "run", "scheduled"]


@handles("insights.run")
def run(context: JobContext) -> Mapping[str, object]:
    """Mine, keep what was found, publish it if that was asked for."""
    return import_string("guanxi_crm.insights.work.run.run")(context)


@handles("insights.publish")
def publish(context: JobContext) -> Mapping[str, object]:
    """Publish what a run found earlier."""
    return import_string("guanxi_crm.insights.work.run.publish_again")(context)


@handles(SCHEDULED)
def scheduled(context: JobContext) -> Mapping[str, object]:
    """Start the run that a schedule asks for; where one is under way already, that one will do."""
    # Named after the job, so that the job done twice starts one run.
    run_id = uuid.uuid5(context.job.pk, "run")
    if Run.objects.filter(pk=run_id).exists():
        return {"run": str(run_id)}
    if run_under_way() is not None:
        return {"run": None}
    parameters = context.parameters
    run_create(
        user=context.user,
        studies=list(parameters["studies"]),  # type: ignore[call-overload]
        horizon_days=int(parameters["horizon_days"]),  # type: ignore[call-overload]
        publish=bool(parameters["publish"]),
        run_id=run_id,
    )
    return {"run": str(run_id)}
