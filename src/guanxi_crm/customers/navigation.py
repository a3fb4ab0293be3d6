"""The places of `customers`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["CREATE", "LIST", "TASKS"]

LIST = add_place(Place("crm_customers.place", "customers:list", "users", kind="customer", position=10))
CREATE = add_place(
    Place("crm_customers.create", "customers:create", "user-plus", kind="customer", group="action", action="create")
)
TASKS = add_place(Place("crm_customers.tasks", "customers:tasks", "checkbox", kind="task", position=15))
