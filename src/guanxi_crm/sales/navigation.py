"""Where `sales` is found in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["EXPORT", "ORDERS", "PRODUCTS"]

ORDERS = add_place(
    Place(
        "crm_sales.orders", "sales:orders", "receipt", kind="order", position=20,
        found_by="crm_sales.orders_found_by",
    )
)  # fmt: skip
PRODUCTS = add_place(
    Place(
        "crm_sales.products", "sales:products", "package", kind="product", position=25,
        found_by="crm_sales.products_found_by",
    )
)  # fmt: skip
EXPORT = add_place(
    Place(
        "crm_sales.export_orders", "sales:orders", "download", kind="order", group="action", action="export",
        position=45, fragment="export", found_by="crm_sales.export_found_by",
    )
)  # fmt: skip
