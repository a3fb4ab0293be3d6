"""Before serving: a backup where the database is about to change, migrations, roles, the first administrator."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from guanxi_crm.core.process import end_with_parent
from guanxi_crm.serve.login import login_of
from guanxi_crm.serve.told import tell, warn

__all__ = ["ADMINISTRATOR", "main", "prepare"]

ADMINISTRATOR = "admin@guanxi.local"


def main(given: Namespace) -> int:
    """Make the installation ready, say how to get in, queue what is to be imported."""
    if given.parent:
        end_with_parent(given.parent)
    django.setup()
    email, password = prepare()
    if given.bring:
        import_string("guanxi_crm.serve.bring.bring")([Path(each) for each in given.bring])
    url = f"http://{'[' + given.host + ']' if ':' in given.host else given.host}:{given.port}"
    tell("crm_serve.ready", url=url)
    if demo := login_of(settings.DATA_DIR):
        tell("crm_serve.login_demo", email=demo[0], password=demo[1])
    elif password:
        tell("crm_serve.login", email=email, password=password)
    else:
        tell("crm_serve.login_known", email=email)
    return 0


def prepare() -> tuple[str, str | None]:
    """Bring database and directory to this version.

    Returns
    -------
    The administrator's mail address, and his password if he was made just now with one that was made up.
    """
    for directory in (settings.UPLOAD_DIR, settings.RUN_DIR, settings.BACKUP_DIR, settings.MAIL_DIR):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        if executor.loader.applied_migrations:
            kept = import_string("guanxi_crm.serve.backup.backup_database")()
            tell("crm_serve.backed_up", path=str(kept)) if kept else warn("crm_serve.no_dump")
        call_command("migrate", interactive=False, verbosity=0)
    import_string("guanxi_crm.users.services.roles.roles_ensure")()
    administrator, password = import_string("guanxi_crm.users.services.staff.administrator_ensure")(
        email=os.environ.get("GUANXI_ADMIN_EMAIL", ADMINISTRATOR), password=os.environ.get("GUANXI_ADMIN_PASSWORD")
    )
    return administrator.email, password
