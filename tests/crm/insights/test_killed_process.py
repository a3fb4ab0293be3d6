"""A real worker whose process is killed with -9, while it mines and while it publishes."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm_served import children

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mined")]

PREPARE = """
import sys, django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from guanxi_crm.customers.models import Customer
from guanxi_crm.insights.services import run_create
from guanxi_crm.users.policy import system
now = timezone.now()
Customer.objects.bulk_create(Customer(number=number, created_at=now, updated_at=now) for number in sys.argv[1:])
run_create(user=system(), studies=["segments", "affinity"])
"""
WORK = """
import django
django.setup()
from guanxi_crm.core.jobs.worker import work
work(until_idle=True)
"""
SECONDS = 240
"""After which a worker that does not get on is given up."""


def ask(database: Path, question: str) -> list[tuple]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux for the children of a process")
def test_a_run_killed_twice_is_done_once(shop, tmp_path):
    shutil.copytree(shop.warehouse, tmp_path / "warehouse")
    (tmp_path / "runs").mkdir()
    environment = {
        **os.environ, "GUANXI_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "guanxi_crm.settings",
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PREPARE, *shop.numbers], env=environment, check=True)
    database = tmp_path / "guanxi.sqlite3"

    worker = subprocess.Popen([sys.executable, "-c", WORK], env=environment)
    try:
        for attempt, moment in ((1, "cli.stage_study_%"), (2, "crm_insights.stage_%")):
            until = time.monotonic() + SECONDS
            while not ask(database, f"SELECT 1 FROM core_job WHERE attempts = {attempt} AND stage LIKE '{moment}'"):
                assert time.monotonic() < until
                assert worker.poll() is None
                time.sleep(0.01)
            for child in children(worker.pid):
                os.kill(child, signal.SIGKILL)
        assert worker.wait(SECONDS) == 0
    finally:
        worker.kill()
        worker.wait()

    assert ask(database, "SELECT state, attempts FROM core_job") == [("done", 3)]
    assert ask(database, "SELECT state, count(*) FROM insights_run GROUP BY 1") == [("done", 1)]
    assert ask(database, "SELECT state, is_current, customers FROM customers_scoreversion") == [("kept", 1, 300)]
    assert ask(database, "SELECT count(*), count(DISTINCT customer_id) FROM customers_customerscores") == [(300, 300)]
    assert ask(database, "SELECT study FROM insights_studyresult ORDER BY position") == [("segments",), ("affinity",)]
    rules = [row for row in shop.mined.result("affinity").tables["rules"].to_pylist() if len(row["consequent"]) == 1]
    assert ask(database, "SELECT count(*) FROM insights_productrule") == [(len(rules),)]
    # One snapshot more than after the import: what was learned.
    snapshots = "SELECT count(*) FROM snapshots"
    ((before,),) = ask(shop.warehouse / "catalogue.sqlite", snapshots)
    assert ask(tmp_path / "warehouse" / "catalogue.sqlite", snapshots) == [(before + 1,)]
    (run,) = (tmp_path / "runs").iterdir()
    assert {path.name for path in run.iterdir()} == {"en", "zh", "scores.parquet"}
