"""The jobs themselves: mine, keep, publish. Each step leaves a mark, and an attempt begins after the last mark."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from guanxi.mine import mine
from guanxi.progress import ForwardedProgress
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.work.found import files_write, found_of, found_store
from guanxi_crm.insights.work.publish import publish
from guanxi_crm.insights.work.sweep import runs_sweep

__all__ = ["publish_again", "run"]


def run(context: JobContext) -> Mapping[str, object]:
    """Run studies on the warehouse, keep what they found, and publish it if that was asked for.

    Idempotent: what the database holds of a run is written in one transaction, after its files are whole; an attempt
    that finds it there does not mine again.

    Permission: run.create, and run.publish for the publication. Audit: publish.

    Raises
    ------
    NotAllowed : whoever asked for it may no longer.
    GuanxiError : as in `guanxi.mine.mine`; said to people by the job.
    """
    asked = _run(context)
    context.user.require("run", "create", asked)
    if not asked.result:
        with context.transaction():
            Run.objects.filter(pk=asked.pk).update(state=Run.State.RUNNING)
        _mine(context, asked)
    publishes = bool(context.parameters.get("publish")) and asked.result["scored"]
    if publishes:
        publish(context, asked)
    with context.transaction():
        Run.objects.filter(pk=asked.pk).update(state=Run.State.DONE)
    runs_sweep()
    return {"run": str(asked.pk), "published": publishes}


def publish_again(context: JobContext) -> Mapping[str, object]:
    """Publish what a run found earlier. Permission: run.publish. Audit: publish."""
    version = publish(context, _run(context))
    return {"run": str(context.parameters["run"]), "customers": version.customers}


def _run(context: JobContext) -> Run:
    return Run.objects.select_related("published").get(pk=context.parameters["run"])


def _mine(context: JobContext, asked: Run) -> None:
    mined = mine(
        [],
        at=timezone.now().replace(tzinfo=None),
        warehouse_path=settings.WAREHOUSE_DIR,
        as_of=asked.as_of,
        horizon_days=asked.horizon_days,
        names=asked.studies,
        # The mine keeps nothing of a run that ends by an exception, so that somebody may cancel it anywhere.
        progress=ForwardedProgress(context.stage, context.advance),
    )
    files_write(mined, asked.pk)
    with context.transaction():
        found_store(asked, found_of(mined))
