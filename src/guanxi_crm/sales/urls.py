"""Addresses of `sales`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.sales import views

app_name = "sales"
urlpatterns = [
    path("orders/", views.orders_view, name="orders"),
    path("orders/export/", views.export_view, name="orders_export"),
    path("orders/<int:order_id>/", views.order_view, name="order"),
    path("products/", views.products_view, name="products"),
    path("products/<int:product_id>/", views.product_view, name="product"),
]
