"""Settings of the worker that is killed: leases that run out soon, and as many attempts as there are kills."""

from guanxi_crm.settings import *  # noqa: F403
from guanxi_crm.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "dying.DyingConfig"]
JOB_LEASE_SECONDS = 2
JOB_ATTEMPTS = 1000
