"""The catalogue in a PostgreSQL database, whose writers may be on several machines."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from guanxi.errors import WarehouseBusy, WarehouseError
from guanxi.warehouse import Settings, Warehouse, publication
from guanxi.warehouse.redact import redact
from guanxi.warehouse.sweep import sweep
from guanxi.warehouse.tables import metadata
from guanxi.warehouse.verify import verify
from intake.sources.servers import postgresql
from warehouse.rows import AT, customers

pytest.importorskip("psycopg", reason="guanxi[postgres] is not installed")

WRITER = """
import sys
from pathlib import Path
from guanxi.warehouse import Warehouse, publication
from warehouse.rows import AT, customers
with Warehouse.open(Path(sys.argv[1]), catalogue_url=sys.argv[2]) as warehouse:
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("customers", customers([{"customer_id": "of the other writer"}]))
        print("writing", flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as found:
        yield found


@pytest.fixture
def warehouse(url, tmp_path) -> Iterator[Warehouse]:
    with Warehouse.create(tmp_path / "w", Settings("EUR", "UTC"), at=AT, catalogue_url=url) as made:
        yield made
        metadata.drop_all(made.catalogue)


def publish(warehouse: Warehouse, *names: str, at: dt.datetime = AT, wait_seconds: float = 60) -> None:
    with publication(warehouse, reason="import", at=at, wait_seconds=wait_seconds) as pending:
        pending.write("customers", customers({"customer_id": name, "name": name.upper()} for name in names))


def test_what_is_published_is_found_again_by_whoever_opens_it(warehouse, url):
    publish(warehouse, "ada", "bo")
    with Warehouse.open(warehouse.path, catalogue_url=url) as again:
        assert again.settings == Settings("EUR", "UTC")
        assert (again.snapshot().id, again.snapshot().rows("customers")) == (1, 2)
        assert verify(again, deep=True) == []
    with Warehouse.create(warehouse.path, Settings("CNY", "UTC"), at=AT, catalogue_url=url) as again:
        assert again.settings.currency == "EUR"
    assert not (warehouse.path / "catalogue.sqlite").exists()


def test_a_database_without_a_catalogue_is_no_warehouse(url, tmp_path):
    with pytest.raises(WarehouseError) as raised:
        Warehouse.open(tmp_path, catalogue_url=url)
    assert raised.value.code == "errors.no_warehouse"


def test_writers_exclude_each_other_and_one_that_is_killed_holds_nothing(warehouse, url):
    program = [sys.executable, "-c", WRITER, str(warehouse.path), url]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(WarehouseBusy) as raised:
            publish(warehouse, "ada", wait_seconds=0.2)
        assert raised.value.code == "errors.warehouse_busy"
        assert warehouse.snapshot().id == 0, "readers do not wait for writers"
        other.kill()
    publish(warehouse, "ada")
    assert warehouse.snapshot().rows("customers") == 1
    assert len(list(warehouse.parts_path.rglob("*.parquet"))) == 1


def test_it_is_swept_and_redacted_like_any_other(warehouse):
    publish(warehouse, "ada", "bo")
    with publication(warehouse, reason="import", at=AT + dt.timedelta(1)) as pending:
        pending.clear("customers")
        pending.write("customers", customers([{"customer_id": "ada", "name": "Ada"}]))
    redaction = redact(warehouse, ["ada"], at=AT + dt.timedelta(2))
    assert redaction.rows == {"customers": 2}
    assert warehouse.snapshot(1).redactions == (redaction,)
    swept = sweep(warehouse, older_than=AT + dt.timedelta(1), at=AT + dt.timedelta(3))
    assert swept.snapshots == (0, 1)
    assert verify(warehouse, deep=True) == []
    with warehouse.catalogue.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM doomed")).scalar() == 0
