"""What tests of imports share: a simulated company's files, and jobs done here and now."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from guanxi import simulate
from guanxi_crm.core.jobs.attempt import attempt
from guanxi_crm.core.jobs.queue import job_claim
from guanxi_crm.core.jobs.registry import handlers
from guanxi_crm.core.models import Job


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Path:
    """Files of a simulated company of 300 customers: orders.csv, customers.csv, products.csv."""
    out = tmp_path_factory.mktemp("shop")
    simulate.company(customers=300, seed=7, dirt=0.1).write(out)
    return out


@pytest.fixture
def room(tmp_path: Path, settings) -> Iterator[Path]:
    """A data directory of this test's own."""
    settings.DATA_DIR = tmp_path
    settings.WAREHOUSE_DIR = tmp_path / "warehouse"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def work() -> Callable[[], list[Job]]:
    """Do all jobs that are due, one after the other, as a worker's child process would; returns them."""

    def run() -> list[Job]:
        done = []
        while claimed := job_claim(list(handlers()), at=timezone.now()):
            job, lease = claimed
            attempt(job.pk, lease)
            job.refresh_from_db()
            done.append(job)
        return done

    return run
