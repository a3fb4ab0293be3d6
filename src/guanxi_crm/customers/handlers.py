"""Jobs of `customers`."""

from __future__ import annotations

from collections.abc import Mapping

from guanxi_crm.core.jobs.context import JobContext
from guanxi_crm.core.jobs.registry import handles
from guanxi_crm.customers.services.bulk import JOB_KIND, customers_bulk_job

__all__ = ["bulk"]


@handles(JOB_KIND)
def bulk(context: JobContext) -> Mapping[str, object]:
    """A change of more customers than one transaction should hold."""
    return customers_bulk_job(context)
