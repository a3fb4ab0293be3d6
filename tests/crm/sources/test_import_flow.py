"""Files come in through the pages: looked at, tried, brought in, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from guanxi.warehouse import Warehouse
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sources.models import Import, WarehouseSync
from guanxi_crm.sources.selectors import stands

pytestmark = pytest.mark.django_db


def upload(client, *paths: Path, **headers):
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    return client.post(reverse("sources:create"), {"files": files}, headers=headers)


def brought_in(client, work, *paths: Path) -> Import:
    """Uploaded, looked at, and imported as guessed."""
    upload(client, *paths)
    work()
    delivered = Import.objects.latest("created_at")
    client.post(reverse("sources:map", args=[delivered.pk]), as_guessed(delivered) | {"then": "import"})
    work()
    delivered.refresh_from_db()
    return delivered


def as_guessed(delivered: Import) -> dict[str, str]:
    form = {"currency": delivered.currency, "timezone": delivered.timezone}
    for place, table in enumerate(delivered.profile["tables"]):
        form[f"kind-{place}"] = table["kind"]
        for number, column in enumerate(table["columns"]):
            form[f"role-{place}-{number}"] = column["role"] or ""
    return form


@pytest.fixture
def signed_in(client, administrator):
    client.force_login(administrator)
    return client


def test_a_shops_files_become_customers_products_and_orders(signed_in, room, shop, work):
    delivered = brought_in(signed_in, work, shop / "orders.csv", shop / "customers.csv", shop / "products.csv")
    assert delivered.job.problem == {}
    assert stands(delivered) == "done"
    with Warehouse.open(room / "warehouse") as warehouse:
        snapshot = warehouse.snapshot()
    assert Customer.objects.count() == snapshot.rows("customers")
    assert Product.objects.count() == snapshot.rows("products")
    assert Order.objects.count() == snapshot.rows("orders")
    assert OrderLine.objects.count() == sum(Order.objects.values_list("lines_count", flat=True))
    assert ContactPoint.objects.count() == snapshot.rows("identifiers")
    assert WarehouseSync.objects.get().snapshot_id == snapshot.id
    for table in delivered.result["tables"]:
        assert table["records"] == table["loaded"] + table["known"] + table["set_aside"]
    page = signed_in.get(reverse("sources:show", args=[delivered.pk]))
    assert b"orders.csv" in page.content
    assert AuditEntry.objects.filter(kind="import", action="import").count() == 1
