"""The places of `customers`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["ADD_TASK", "CREATE", "EXPORT", "LIST", "TASKS"]

LIST = add_place(
    Place(
        "crm_customers.place", "customers:list", "users", kind="customer", position=10,
        found_by="crm_customers.place_found_by",
    )
)  # fmt: skip
TASKS = add_place(
    Place(
        "crm_customers.tasks", "customers:tasks", "checkbox", kind="task", position=15,
        found_by="crm_customers.tasks_found_by",
    )
)  # fmt: skip
CREATE = add_place(
    Place(
        "crm_customers.create", "customers:create", "user-plus", kind="customer", group="action", action="create",
        position=10, found_by="crm_customers.create_found_by",
    )
)  # fmt: skip
ADD_TASK = add_place(
    Place(
        "crm_customers.task_add", "customers:task_add", "checkbox", kind="task", group="action", action="create",
        position=15, found_by="crm_customers.task_add_found_by",
    )
)  # fmt: skip
EXPORT = add_place(
    Place(
        "crm_customers.export", "customers:list", "download", kind="customer", group="action", action="export",
        position=40, fragment="export", found_by="crm_customers.export_found_by",
    )
)  # fmt: skip
