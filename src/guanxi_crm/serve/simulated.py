"""The simulated company: loaded through the same import as any other, and taken out again."""

from __future__ import annotations

import secrets
import subprocess
import sys

from django.conf import settings

from guanxi_crm.core.company import company, company_update
from guanxi_crm.core.jobs.worker import work
from guanxi_crm.core.models import Job
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.services.demo import demo_customers_remove, demo_life
from guanxi_crm.insights.models import Run
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.services.demo import demo_orders_remove
from guanxi_crm.serve.bring import bring_in, study
from guanxi_crm.serve.login import login_forget, login_keep
from guanxi_crm.serve.prepare import prepare
from guanxi_crm.serve.told import tell, warn
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.services import import_undo, lists_sync_anew
from guanxi_crm.users.policy import system
from guanxi_crm.users.services.demo import DOMAIN, demo_staff_ensure, demo_staff_remove

__all__ = ["load", "remove"]

_FAILED = 3


def load(customers: int) -> int:
    """Simulate a company, import and study it, and give its customers to some staff. Twice is once."""
    email, password = prepare()
    if company().has_demo:
        tell("crm_serve.demo_there")
        return 0
    directory = settings.DATA_DIR / "demo"
    tell("crm_serve.demo_simulating", customers=customers)
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "guanxi", "simulate", "--customers", str(customers), "--seed", "1",
         "--out", str(directory)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    tell("crm_serve.demo_loading")
    delivered = bring_in([directory / name for name in ("orders.csv", "customers.csv", "products.csv")], origin="demo")
    if delivered.state != Import.State.DONE:
        return _failed(delivered.job)
    run = study()
    if run.state != Run.State.DONE:
        return _failed(run.job)
    # An administrator who was there before keeps his password to himself: the demo's manager is shown instead.
    own, password = password is not None, password or secrets.token_urlsafe(9)
    placed = demo_staff_ensure(password=password)
    demo_life(user=system(), owners=[(each.user_id, each.team_id) for each in placed])
    login_keep(settings.DATA_DIR, email if own else f"manager@{DOMAIN}", password)
    company_update(has_demo=True)
    counts = {"customers": Customer.objects.filter(origin="demo"), "orders": Order.objects.filter(origin="demo")}
    tell("crm_serve.demo_loaded", **{name: records.count() for name, records in counts.items()})
    return 0


def remove() -> int:
    """Take the simulated company out; what is one's own stays."""
    prepare()
    if not company().has_demo:
        tell("crm_serve.demo_none")
        return 0
    orders = demo_orders_remove()
    customers = demo_customers_remove()
    imported = Import.objects.filter(origin="demo", state=Import.State.DONE).order_by("-created_at")
    for delivered in list(imported):
        import_undo(user=system(), import_id=delivered.pk)
        work(until_idle=True)
    # Whoever is in files of one's own as well comes back by comparing with all of the warehouse once more.
    lists_sync_anew(user=system())
    work(until_idle=True)
    staff = demo_staff_remove()
    login_forget(settings.DATA_DIR)
    company_update(has_demo=False)
    tell("crm_serve.demo_removed", customers=customers, orders=orders, staff=staff)
    return 0


def _failed(job: Job | None) -> int:
    problem = job.problem if job else {}
    warn("crm_serve.demo_failed", problem=problem.get("sentences", {}).get("en") or problem.get("code", "?"))
    return _FAILED
