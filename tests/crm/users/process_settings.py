"""Settings of processes that a test starts: those of a company, with a quick password hash."""

from guanxi_crm.settings import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
