"""Settings of the CRM in tests: a directory of their own, and a quick password hash."""

import os
import tempfile

# Each process that tests beside others has its own: what one keeps, another must not find. Processes that a test starts
# inherit it.
_PREFIX = f"guanxi-tests-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}-"
_given = os.environ.get("GUANXI_DATA_DIR", "")
if not _given or ("/guanxi-tests-" in _given and f"/{_PREFIX}" not in _given):
    os.environ["GUANXI_DATA_DIR"] = tempfile.mkdtemp(prefix=_PREFIX)
# What one process has compiled, the next need not: otherwise that is most of what a short one does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from guanxi_crm.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Files are looked up when they are asked for, instead of all of them with every client.
WHITENOISE_AUTOREFRESH = True
# From where they lie: what was gathered for a server may be older than what is tested.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
WHITENOISE_USE_FINDERS = True
