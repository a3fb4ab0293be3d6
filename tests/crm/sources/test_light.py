"""An idle web server holds none of the mining libraries."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys, django
django.setup()
import guanxi_crm.site.urls, guanxi_crm.sources.handlers
from guanxi_crm.core.jobs import handlers
assert "sources.import" in handlers()
heavy = {"duckdb", "pyarrow", "numpy", "pandas", "guanxi.mine", "guanxi.warehouse", "guanxi.intake.guess"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_addresses_of_the_whole_site_import_nothing_heavy(tmp_path):
    environment = {"DJANGO_SETTINGS_MODULE": "guanxi_crm.settings", "GUANXI_DATA_DIR": str(tmp_path), "PATH": ""}
    answer = subprocess.run([sys.executable, "-c", _CODE], env=environment, capture_output=True, text=True, check=False)
    assert (answer.stdout.strip(), answer.returncode) == ("[]", 0), answer.stderr
