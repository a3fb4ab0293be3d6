"""Settings of the CRM, from the environment. One directory holds everything that is a company's own.

==========================  ==========================================================================================
``GUANXI_DATA_DIR``         that directory: database, warehouse, uploads, keys, backups; by default ``./guanxi-data``
``DATABASE_URL``            another database: ``postgres://user:password@host/name``; by default SQLite in the directory
``GUANXI_ALLOWED_HOSTS``    names under which it is served, with commas; by default this machine only
``GUANXI_HTTPS``            1 where a proxy in front speaks https: secure cookies, HSTS
``GUANXI_TRUSTED_PROXIES``  how many proxies in front add to X-Forwarded-For; by default 0
``GUANXI_EMAIL_URL``        ``smtp://user:password@host:port``, ``smtps://``, ``smtp+tls://``; without it mail is a file
``GUANXI_EMAIL_FROM``       the sender of mail
``GUANXI_DEBUG``            1 while developing
==========================  ==========================================================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from guanxi_crm.core.keys import secret_key

HERE = Path(__file__).resolve().parent
DATA_DIR = Path(os.environ.get("GUANXI_DATA_DIR", "guanxi-data")).absolute()
WAREHOUSE_DIR = DATA_DIR / "warehouse"
UPLOAD_DIR = DATA_DIR / "uploads"
RUN_DIR = DATA_DIR / "runs"
BACKUP_DIR = DATA_DIR / "backups"
MAIL_DIR = DATA_DIR / "mail"

DEBUG = os.environ.get("GUANXI_DEBUG") == "1"
HTTPS = os.environ.get("GUANXI_HTTPS") == "1"
SECRET_KEY = secret_key(DATA_DIR)
ALLOWED_HOSTS = os.environ.get("GUANXI_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"] if HTTPS else []
ROOT_URLCONF = "guanxi_crm.site.urls"
WSGI_APPLICATION = "guanxi_crm.wsgi.application"

INSTALLED_APPS = [
    # Ours before allauth, whose templates we replace.
    "guanxi_crm.core",
    "guanxi_crm.users",
    "guanxi_crm.customers",
    "guanxi_crm.sales",
    "guanxi_crm.sources",
    "guanxi_crm.insights",
    "guanxi_crm.site",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "guanxi_crm.users.middleware.ActorMiddleware",
    "guanxi_crm.core.middleware.ToastMiddleware",
    "guanxi_crm.core.middleware.ProblemMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "guanxi_crm.site.context.frame",
            ],
            "builtins": ["guanxi_crm.core.templatetags.words", "guanxi_crm.core.templatetags.addresses"],
        },
    }
]

_SQLITE = {
    # One writer at a time, taken before reading, so that no transaction finds out too late that it must fail.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;"
        "PRAGMA foreign_keys=ON; PRAGMA mmap_size=268435456;"
    ),
}
DATABASES = {
    "default": dj_database_url.config(default=f"sqlite:///{DATA_DIR / 'guanxi.sqlite3'}", conn_max_age=600),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = _SQLITE
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Limits and sessions, which hold whichever process of the server answers: allauth and Django use this one.
    "default": {"BACKEND": "guanxi_crm.core.shared_cache.SharedCache", "LOCATION": DATA_DIR / "shared.sqlite3"},
    # Objects that may be some seconds old.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "site:home"
ACCOUNT_ADAPTER = "guanxi_crm.users.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # staff are invited by mail, and have proved it thereby
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "5/30m/ip,5/h/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("GUANXI_TRUSTED_PROXIES", "0"))
MFA_ADAPTER = "guanxi_crm.users.adapter.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Guanxi"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "guanxi_crm.core.middleware.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_NAME = "guanxi_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the company's own is activated for each request

STATIC_URL = "static/"
STATIC_ROOT = HERE / "static_built"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": UPLOAD_DIR}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if (STATIC_ROOT / "staticfiles.json").is_file() and not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Where nothing has been gathered yet (a checkout before `make`), files are looked up when they are asked for.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or not (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

UPLOAD_LIMIT_BYTES = 4 * 1024**3
"""Of a file to import; it goes to disk in pieces."""
ATTACHMENT_LIMIT_BYTES = 25 * 1024**2
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

DEFAULT_FROM_EMAIL = os.environ.get("GUANXI_EMAIL_FROM", "Guanxi <guanxi@localhost>")
_EMAIL = urlsplit(os.environ.get("GUANXI_EMAIL_URL", ""))
if _EMAIL.scheme:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _EMAIL.hostname or "localhost", _EMAIL.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_EMAIL.username or ""), unquote(_EMAIL.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _EMAIL.scheme == "smtps", _EMAIL.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR

JOB_LEASE_SECONDS = 30
JOB_ATTEMPTS = 3

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "guanxi_crm.core.log_format.WithoutSecrets",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"guanxi_crm": {"level": "INFO"}, "django.security": {"level": "WARNING"}},
}

ACTOR_OF_JOB = "guanxi_crm.users.policy.actor_of_job"
"""Job or schedule → (Actor on whose behalf, his language): `core` does not know users."""
