"""What a customer is called in templates: ``{% load customers %}``, ``{% called customer actor %}``."""

from __future__ import annotations

from django import template

from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import name_for

register = template.Library()


@register.simple_tag
def called(customer: Customer, user: Actor) -> str:
    """His name, or his number to whom the name is hidden."""
    return name_for(customer, user=user)
