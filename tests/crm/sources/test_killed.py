"""A worker killed at any moment of an import loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
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
from guanxi_crm.sources.services import Uploaded, import_create
from guanxi_crm.users.policy import system
files = []
for path in map(Path, sys.argv[1:]):
    key = uuid.uuid4()
    upload_directory(key).mkdir(parents=True)
    shutil.copy(path, upload_directory(key) / path.name)
    files.append(Uploaded(key, path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()))
import_create(user=system(), files=files)
"""
_WORK = """
import django
django.setup()
from guanxi_crm.core.jobs.worker import work
work(until_idle=True)
"""
_START = """
import django
django.setup()
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.services import import_start
from guanxi_crm.users.policy import system
import_start(user=system(), import_id=Import.objects.get().pk)
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
    company(customers=1500, seed=3, dirt=0.1).write(out)
    return [out / "orders.csv", out / "customers.csv", out / "products.csv"]


class Installation:
    """A data directory with a database of its own, and processes that work in it."""

    def __init__(self, directory: Path) -> None:
        here = Path(__file__).parent
        self.environment = os.environ | {
            "GUANXI_DATA_DIR": str(directory), "DJANGO_SETTINGS_MODULE": "kill_settings", "PYTHONPATH": str(here),
        }  # fmt: skip
        self.environment.pop("DATABASE_URL", None)

    def run(self, script: str, *arguments: object) -> str:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _WORK], env=self.environment, stderr=subprocess.DEVNULL)


def test_an_import_killed_again_and_again_ends_as_an_undisturbed_one(tmp_path, files):
    calm, killed = Installation(tmp_path / "calm"), Installation(tmp_path / "killed")
    for each in (calm, killed):
        each.run(_PREPARE, *files)
        each.run(_WORK)
        each.run(_START)
    calm.run(_WORK)
    moments = random.Random(11)
    kills = 0
    while kills < 7:
        worker = killed.worker()
        time.sleep(moments.uniform(2.5, 6.5))
        if worker.poll() is not None:
            break
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        kills += 1
    killed.run(_WORK)
    expected, found = calm.run(_COUNT), killed.run(_COUNT)
    assert '"import": "done"' in expected
    assert found == expected
    assert kills >= 2
