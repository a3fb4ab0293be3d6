"""Django's own commands, for developers: ``python -m guanxi_crm makemigrations``."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi_crm.settings")
execute_from_command_line(["guanxi_crm", *sys.argv[1:]])
