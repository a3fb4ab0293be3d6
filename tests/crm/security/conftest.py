"""The marked world, and every way in to it."""

from __future__ import annotations

import pytest

from crm_world import World, world
from guanxi_crm.users.models import User


@pytest.fixture
def there(sales: User) -> World:
    """A marked customer of ``sales``, with order, product and run."""
    return world(owner=sales)
