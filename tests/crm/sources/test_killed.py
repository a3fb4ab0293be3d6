"""A worker killed at any moment of an import loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
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
from guanxi_crm.core.jobs import job_cancel
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.services import Uploaded, import_create, import_start
from guanxi_crm.users.policy import system
files = []
for path in map(Path, sys.argv[1:]):
    key = uuid.uuid4()
    upload_directory(key).mkdir(parents=True)
    shutil.copy(path, upload_directory(key) / path.name)
    files.append(Uploaded(key, path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()))
delivered = import_create(user=system(), files=files)
# What columns mean the import finds out by itself, as a look would have; currency and zone people have confirmed.
job_cancel(job=delivered.job)
Import.objects.update(currency="CNY", timezone="Asia/Shanghai")
import_start(user=system(), import_id=delivered.pk)
"""
_WORK = """
import django
django.setup()
from guanxi_crm.core.jobs.worker import work
work(until_idle=True)
"""
_COUNT = {
    "import": "SELECT state, result FROM sources_import",
    "customers": "SELECT count(*), sum(version) FROM customers_customer",
    "contact points": "SELECT count(*) FROM customers_contactpoint",
    "products": "SELECT count(*) FROM sales_product",
    "orders": "SELECT count(*), sum(amount) FROM sales_order",
    "lines": "SELECT count(*), sum(amount) FROM sales_orderline",
    "audit": "SELECT count(*) FROM core_auditentry WHERE action = 'import'",
    "half way": "SELECT count(*) FROM sources_warehousesync WHERE target_id IS NOT NULL",
    "jobs": "SELECT kind, state, problem FROM core_job ORDER BY kind",
}
"""What there is of everything that could be lost or doubled."""


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

    def ask(self, question: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return connection.execute(question).fetchall()

    def attempt(self) -> tuple[int, str]:
        """Which attempt at the import it is, and its stage, as another process sees them."""
        return self.ask("SELECT attempts, stage FROM core_job WHERE kind = 'sources.import'")[0]


MOMENTS = [
    "crm_sources.stage_products written",
    "crm_sources.stage_products committed",
    "crm_sources.stage_customers begun",
    "crm_sources.stage_customers written",
    "crm_sources.stage_customers committed",
    "crm_sources.stage_orders written",
    "crm_sources.stage_orders committed",
]
"""When an attempt at the import is killed, as `dying` names the moments."""


def test_an_import_killed_in_every_stage_ends_as_an_undisturbed_one(tmp_path, files):
    """First the worker with all that is its, so that only the lease tells; then its attempts, one after the other."""
    calm, killed = Installation(tmp_path / "calm"), Installation(tmp_path / "killed")
    calm.run(_PREPARE, *files)
    shutil.copytree(tmp_path / "calm", tmp_path / "killed")
    undisturbed = calm.worker()

    worker = killed.worker()
    while killed.attempt() == (0, ""):
        time.sleep(0.02)
    worker.kill()
    worker.wait()
    assert killed.ask("SELECT state FROM core_job WHERE kind = 'sources.import'") == [("running",)]

    moments = tmp_path / "killed" / "moments"
    moments.write_text("\n".join(MOMENTS), encoding="utf-8")
    worker = killed.worker()
    assert (worker.wait(), undisturbed.wait()) == (0, 0)
    assert moments.read_text(encoding="utf-8") == ""
    # The worker's attempt has not been written down as one that failed: its job was given to the next.
    assert killed.attempt()[0] > len(MOMENTS)

    found, expected = ({what: each.ask(query) for what, query in _COUNT.items()} for each in (killed, calm))
    assert found == expected
    ((state, result),) = expected["import"]
    assert (state, set(json.loads(result)) >= {"tables", "snapshot", "changed"}) == ("done", True)
