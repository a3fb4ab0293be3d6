"""What a customer may want next: the published rules that his purchases fulfil."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from django.db.models import Count, F

from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.insights.models import ProductRule
from guanxi_crm.sales.models import Order, OrderLine, Product

__all__ = ["WantedProduct", "products_wanted"]

_CANDIDATES = 100
"""Rules looked at: several may lead to the same product."""


@dataclass(frozen=True)
class WantedProduct:
    """One product that he has not bought, and why he may want it."""

    code: str
    name: str
    because: list[str]
    """Names of the products that he has bought and that speak for it."""
    confidence: float
    """The share of baskets with those that hold this one too."""
    lift: float
    """How many times likelier than in any basket."""
    baskets: int
    """In how many baskets both stood."""


def products_wanted(*, user: Actor, customer: Customer, limit: int = 5) -> list[WantedProduct]:
    """Products that go with what a customer has bought and that he has not bought yet, the most telling first.

    A rule counts when he has bought all of its left side, in whichever orders; returns are not looked at. Rules are
    ordered by confidence × (1 − 1 ∕ lift), by how much likelier than by chance the product is; of several that lead
    to one product the first counts. Empty where nothing is published, where the published rules are no better than
    naming best sellers, and for who may not see products with their names, or lines of orders. Whoever serves a
    customer sees this without seeing runs.

    Two queries. Raises: NotFound (the customer is not his to see).
    """
    user.require("customer", "view", customer)
    named = user.may_read("product", "code") and user.may_read("product", "name")
    if not (user.may("product", "view") and named and user.may("order", "view") and user.may_read("order", "lines")):
        return []
    first: dict[str, ProductRule] = {}
    for rule in kept(_fulfilled, user).records(customer.pk):
        first.setdefault(rule.consequent, rule)
    chosen = list(first.values())[:limit]
    codes = set(chain.from_iterable(rule.antecedent for rule in chosen))
    names = dict(Product.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}
    return [
        WantedProduct(
            rule.consequent, rule.consequent_name or rule.consequent,
            [names.get(code) or code for code in rule.antecedent], rule.confidence, rule.lift, rule.count,
        )
        for rule in chosen
    ]  # fmt: skip


def _fulfilled(user: Actor) -> Prepared:
    orders = user.narrow("order", Order.objects.filter(customer=STAND_IN))
    bought = OrderLine.objects.filter(order__in=orders, product__isnull=False, quantity__gt=0)
    codes = bought.values("product__code")
    current = ScoreVersion.objects.filter(is_current=True).values("pk")
    rules = (
        ProductRule.objects.filter(items__scored_id__in=current, items__product_code__in=codes)
        .annotate(fulfilled=Count("items"))
        .filter(fulfilled=F("size"))
        .exclude(consequent__in=codes)
    )
    return Prepared(rules.order_by((F("confidence") - F("confidence") / F("lift")).desc(), "pk")[:_CANDIDATES])
