"""The job ``sources.undo``: the warehouse and the CRM as if the files of an import had never come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from guanxi.errors import WarehouseBusy
from guanxi.intake.load.undo import undo
from guanxi.warehouse import Warehouse
from guanxi_crm.core.audit import log
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.sources.files import forget_files
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.work.sync import sync

__all__ = ["run"]


def run(context: JobContext) -> dict[str, object]:
    """Take back the deliveries of an import, the latest first, and bring the CRM's records up to date."""
    delivered = Import.objects.get(pk=str(context.parameters["import"]))
    context.user.require("import", "undo")
    deliveries = sorted(delivered.result.get("deliveries", ()), reverse=True)
    context.stage("crm_sources.stage_undo", len(deliveries))
    with Warehouse.open(settings.WAREHOUSE_DIR) as warehouse:
        for delivery in deliveries:
            # One that an attempt before this one has taken back is no longer there.
            while delivery in {each.id for each in warehouse.deliveries()}:
                try:
                    undo(warehouse, delivery, at=timezone.now().astimezone(dt.UTC).replace(tzinfo=None))
                except WarehouseBusy:
                    context.stage("crm_sources.stage_wait")
            context.advance(1)

    def finish(synced: Mapping[str, object]) -> None:
        fresh = Import.objects.select_for_update().get(pk=delivered.pk)
        fresh.state = Import.State.UNDONE
        fresh.result["taken_back"] = synced
        fresh.save(update_fields=["state", "result"])
        log(user=context.user, kind="import", record=fresh, action="undo",
            name=", ".join(fresh.files.order_by("pk").values_list("name", flat=True)),
            note={"deliveries": deliveries, "changed": synced})  # fmt: skip

    sync(context, finish=finish)
    forget_files(delivered, rejects=True)
    return {"deliveries": len(deliveries)}
