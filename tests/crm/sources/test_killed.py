"""A worker killed at any moment of an import loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guanxi.simulate import company

_PREPARE = """
import django, sys, uuid, hashlib, shutil
django.setup()
from django.core.management import call_command
from pathlib import Path
call_command("migrate", verbosity=0)
from guanxi_crm.sources.files import upload_directory
from guanxi_crm.core.jobs.worker import work
from guanxi_crm.sources.services import Uploaded, import_create, import_start
from guanxi_crm.users.policy import system
files = []
for path in map(Path, sys.argv[1:]):
    key = uuid.uuid4()
    upload_directory(key).mkdir(parents=True)
    shutil.copy(path, upload_directory(key) / path.name)
    files.append(Uploaded(key, path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()))
delivered = import_create(user=system(), files=files)
work(until_idle=True)
import_start(user=system(), import_id=delivered.pk)
"""
_WORK = """
import django
django.setup()
from guanxi_crm.core.jobs.worker import work
work(until_idle=True)
"""
_COUNT = """
import django
django.setup()
import json
from django.db.models import Sum
from guanxi_crm.core.models import AuditEntry, Job
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sources.models import Import, WarehouseSync
from guanxi_crm.sources.selectors import stands
delivered = Import.objects.get()
print(json.dumps({
    "import": stands(delivered), "problem": delivered.job.problem, "result": delivered.result,
    "customers": Customer.objects.count(), "versions": Customer.objects.aggregate(n=Sum("version"))["n"],
    "contact_points": ContactPoint.objects.count(), "products": Product.objects.count(),
    "orders": Order.objects.count(), "amount": Order.objects.aggregate(n=Sum("amount"))["n"],
    "lines": OrderLine.objects.count(), "lines_amount": OrderLine.objects.aggregate(n=Sum("amount"))["n"],
    "audit": AuditEntry.objects.filter(action="import").count(),
    "half_way": WarehouseSync.objects.filter(target_id__isnull=False).count(),
    "jobs": sorted(Job.objects.values_list("state", flat=True)),
}))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    out = tmp_path_factory.mktemp("killed")
    company(customers=700, seed=3, dirt=0.1).write(out)
    return [out / "orders.csv", out / "customers.csv", out / "products.csv"]


class Installation:
    """A data directory with a database of its own, and processes that work in it."""

    def __init__(self, directory: Path) -> None:
        here = Path(__file__).parent
        self.database = directory / "guanxi.sqlite3"
        self.environment = os.environ | {
            "GUANXI_DATA_DIR": str(directory), "DJANGO_SETTINGS_MODULE": "kill_settings", "PYTHONPATH": str(here),
        }  # fmt: skip
        self.environment.pop("DATABASE_URL", None)

    def run(self, script: str, *arguments: object) -> str:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _WORK], env=self.environment, stderr=subprocess.DEVNULL)


STAGES = (
    ("cli.stage_load", 0.05), ("crm_sources.stage_products", 0), ("crm_sources.stage_customers", 0.03),
    ("crm_sources.stage_orders", 0.15),
)  # fmt: skip
"""Where the worker is killed, and how many seconds after it has said so."""


def stage_of(installation: Installation) -> tuple[str, str]:
    """The state and stage of the import's job, as another process sees them."""
    with sqlite3.connect(installation.database, timeout=20) as connection:
        return connection.execute("SELECT state, stage FROM core_job WHERE kind = 'sources.import'").fetchone()


def killed_in(installation: Installation, stage: str, after_seconds: float) -> bool:
    """Let a worker go until the import is in a stage, then kill it a moment later; False where it was done before."""
    worker = installation.worker()
    while worker.poll() is None and stage_of(installation)[1] != stage:
        time.sleep(0.01)
    time.sleep(after_seconds)
    worker.kill()
    worker.wait()
    return stage_of(installation)[0] == "running"


def test_an_import_killed_in_every_stage_ends_as_an_undisturbed_one(tmp_path, files):
    calm, killed = Installation(tmp_path / "calm"), Installation(tmp_path / "killed")
    for each in (calm, killed):
        each.run(_PREPARE, *files)
    calm.run(_WORK)
    hit = [stage for stage, after in STAGES if killed_in(killed, stage, after)]
    killed.run(_WORK)
    expected, found = (json.loads(each.run(_COUNT)) for each in (calm, killed))
    assert expected["import"] == "done"
    assert found == expected
    assert {"cli.stage_load", "crm_sources.stage_customers"} <= set(hit)
