"""Where `sales` is found in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["ORDERS", "PRODUCTS"]

ORDERS = add_place(Place("crm_sales.orders", "sales:orders", "receipt", kind="order", position=20))
PRODUCTS = add_place(Place("crm_sales.products", "sales:products", "package", kind="product", position=25))
