"""Tables of `sales`: what was sold, as imported."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

__all__ = ["IS_RETURN", "SALES", "Order", "OrderLine", "Product", "ProductMonth"]

SALES = ("sale", "return")
"""Kinds of lines that are sales of goods and services, and what went back of them."""


class Product(models.Model):
    """One product or service; ``code`` is ``product_id`` of the warehouse."""

    code = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=300, default="")
    category = models.CharField(max_length=200, default="")
    item_kind = models.CharField(max_length=20, default="product")
    unit_cost = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, default="")
    origin = models.CharField(max_length=10, default="import")

    def __str__(self) -> str:
        return self.name or self.code


class Order(models.Model):
    """One order, cancellation or credit note of one customer on one day, as the warehouse's ``orders``."""

    key = models.CharField(max_length=24, unique=True)
    """Of source, number, customer and day in the warehouse, which together are an order: their digest, in base 64."""
    source = models.CharField(max_length=200)
    number = models.CharField(max_length=200)
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.PROTECT, related_name="orders")
    ordered_at = models.DateTimeField()
    ordered_on = models.DateField()
    lines_count = models.IntegerField()
    items = models.DecimalField(max_digits=18, decimal_places=4)
    amount = models.BigIntegerField()
    """Minor units; returns not deducted."""
    returns_amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=60, default="")
    channel = models.CharField(max_length=60, default="")
    origin = models.CharField(max_length=10, default="import")

    class Meta:
        indexes = (
            models.Index(fields=["customer", "-ordered_at", "-id"], name="orders_of_customer"),
            models.Index(fields=["-ordered_at", "-id"], name="orders_newest"),
            models.Index(fields=["number"], name="orders_by_number"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def is_return(self) -> bool:
        """Whether it only takes back: a cancellation or credit note. For the database: `IS_RETURN`."""
        return self.amount == 0 and self.returns_amount > 0

    @property
    def came_to(self) -> int:
        """Minor units, returns deducted."""
        return self.amount - self.returns_amount


IS_RETURN = Q(amount=0, returns_amount__gt=0)
"""`Order.is_return` as a condition."""


class OrderLine(models.Model):
    """One line of an order; a return is negative."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_no = models.IntegerField()
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="lines", db_index=False)
    description = models.CharField(max_length=300, default="")
    quantity = models.DecimalField(max_digits=18, decimal_places=4)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    amount = models.BigIntegerField()
    line_kind = models.CharField(max_length=20)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["order", "line_no"], name="one_line"),)
        indexes = (models.Index(fields=["product", "order"], name="lines_of_product"),)


class ProductMonth(models.Model):
    """What was sold of a product in one month, to whomever: kept by every write of orders, so that no page adds it up.

    Without orders any more, it is of nothing.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="months", db_index=False)
    month = models.CharField(max_length=7)
    """Year and month, of the day on the company's calendar: ``2026-03``."""
    currency = models.CharField(max_length=3)
    orders = models.IntegerField()
    quantity = models.DecimalField(max_digits=22, decimal_places=4)
    amount = models.BigIntegerField()
    """Minor units, returns taken off, as all of this."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["product", "month", "currency"], name="one_product_month"),)
