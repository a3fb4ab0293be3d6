"""The places of `customers`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["TASKS"]

TASKS = add_place(Place("crm_customers.tasks", "customers:tasks", "checkbox", kind="task", position=15))
