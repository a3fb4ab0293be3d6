"""The company's settings, read once in a while."""

from __future__ import annotations

from django.core.cache import caches

from guanxi_crm.core.models import Company

__all__ = ["company", "company_update"]

_KEY = "core.company"
_SECONDS = 15


def company() -> Company:
    """The one company; at most 15 seconds old, as other processes may change it."""
    cache = caches["process"]
    known = cache.get(_KEY)
    if known is None:
        known, _ = Company.objects.get_or_create(pk=1)
        cache.set(_KEY, known, _SECONDS)
    return known


def company_update(**values: object) -> Company:
    """Change settings of the company; whoever calls has asked the policy."""
    Company.objects.update_or_create(pk=1, defaults=values)
    caches["process"].delete(_KEY)
    return company()
