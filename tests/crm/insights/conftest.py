"""A simulated company of 300 customers, mined once for all tests of `insights`: those of the group ``mined``."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from guanxi.mine import Mined, import_files, mine
from guanxi.simulate import company as simulated
from guanxi_crm.core.jobs import JobContext, job_enqueue
from guanxi_crm.core.jobs.queue import job_claim
from guanxi_crm.core.models import Job
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.work import run as work
from guanxi_crm.insights.work.found import Found, files_write, found_of, found_store
from guanxi_crm.users.models import User
from guanxi_crm.users.policy import actor_for

CUSTOMERS = 300


@dataclass(frozen=True)
class Shop:
    """The company's warehouse, what the mine said of it, and what is kept of that."""

    warehouse: Path
    mined: Mined
    found: Found
    files: Path
    """A run's directory, to be copied."""

    @property
    def numbers(self) -> list[str]:
        result = self.mined.result("segments")
        assert result is not None
        return result.tables["customers"]["customer_id"].to_pylist()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Imported and mined once. Its warehouse is not to be written."""
    home = tmp_path_factory.mktemp("shop")
    paths = simulated(customers=CUSTOMERS, seed=5, dirt=0.1).write(home, relations=False)
    given = [paths["orders"], paths["customers"], paths["products"]]
    import_files(given, home / "warehouse", at=dt.datetime(2026, 1, 1))
    # In a copy, as the mine keeps its scores in the warehouse.
    shutil.copytree(home / "warehouse", home / "mined")
    mined = mine([], at=dt.datetime(2026, 1, 2), warehouse_path=home / "mined")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("guanxi_crm.insights.work.found.settings.RUN_DIR", home / "runs", raising=False)
        run_id = uuid.uuid4()
        (home / "runs").mkdir()
        files_write(mined, run_id)
    return Shop(home / "warehouse", mined, found_of(mined), home / "runs" / str(run_id))


@pytest.fixture
def place(settings: Settings, tmp_path: Path) -> Path:
    """A data directory without a warehouse."""
    settings.WAREHOUSE_DIR, settings.RUN_DIR = tmp_path / "warehouse", tmp_path / "runs"
    settings.RUN_DIR.mkdir()
    return tmp_path


@pytest.fixture
def imported(shop: Shop, place: Path, company: object) -> Shop:
    """The shop's warehouse is this installation's, and its customers are in the CRM."""
    shutil.copytree(shop.warehouse, place / "warehouse")
    now = timezone.now()
    Customer.objects.bulk_create(
        Customer(number=number, name=f"顾客{number}", created_at=now, updated_at=now, origin="import")
        for number in shop.numbers
    )
    return shop


@pytest.fixture
def job_of(db: None) -> Callable[..., JobContext]:
    """Queues a job and claims it: ``job_of(user, "insights.run", run=…)``."""

    def make(user: User, kind: str, **parameters: object) -> JobContext:
        asked = job_enqueue(user=actor_for(user), kind=kind, parameters=parameters)
        return claim(asked)

    return make


@pytest.fixture
def attempt_at() -> Callable[[Job], JobContext]:
    """The context of a new attempt at a job."""
    return claim


def claim(job: Job) -> JobContext:
    """Take the job away from whoever had it."""
    Job.objects.filter(pk=job.pk).update(state="queued", lease=None)
    claimed = job_claim([job.kind], at=timezone.now())
    assert claimed is not None
    found, lease = claimed
    user = User.objects.get(pk=found.user_id)
    return JobContext(found, lease, actor_for(user))


@pytest.fixture
def mined_run(imported: Shop, place: Path, administrator: User) -> Run:
    """A run that has been mined, but is not published."""
    run = Run.objects.create(
        user=administrator, created_at=timezone.now(), studies=list(imported.found.run["result"]["accounts"])
    )
    found_store(run, imported.found)
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)
    shutil.copytree(imported.files, place / "runs" / str(run.pk))
    run.refresh_from_db()
    return run


@pytest.fixture
def published_run(mined_run: Run, administrator: User, job_of: Callable[..., JobContext]) -> Run:
    """A run whose scores are those of the customers."""
    work.publish_again(job_of(administrator, "insights.publish", run=str(mined_run.pk)))
    mined_run.refresh_from_db()
    return mined_run


@pytest.fixture
def admin(administrator: User) -> Actor:
    return actor_for(administrator)


@pytest.fixture
def mined_again(published_run: Run, administrator: User) -> Run:
    """Half a year earlier, run later: another version, with other segments, published after the first."""
    earlier = published_run.as_of - dt.timedelta(days=180)
    again = Run.objects.create(
        user=administrator, created_at=timezone.now(), studies=["segments", "value"], as_of=earlier
    )
    job = job_enqueue(
        user=actor_for(administrator), kind="insights.run", parameters={"run": str(again.pk), "publish": True}
    )
    work.run(claim(job))
    again.refresh_from_db()
    return again
