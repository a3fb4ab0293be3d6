"""Gather the static files of the CRM as a server hands them out: named by their content, so that browsers keep them for
good, and compressed beforehand.

Run by ``make assets`` after ``fetch_assets.py``; the wheel contains the result. Where it is absent, as in a fresh
checkout, or ``GUANXI_DEBUG`` is 1, the CRM hands out the files where they lie.

    python scripts/build_static.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def main() -> None:
    with tempfile.TemporaryDirectory() as nowhere:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "guanxi_crm.settings", "GUANXI_DATA_DIR": nowhere}
        os.environ.pop("DATABASE_URL", None)
        django.setup()
        build(Path(settings.STATIC_ROOT))


def build(home: Path) -> None:
    """Fill ``home`` anew."""
    with override_settings(STATIC_ROOT=home, STORAGES={"staticfiles": {"BACKEND": STORAGE}}):
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)


if __name__ == "__main__":
    main()
