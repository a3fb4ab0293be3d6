"""Eight members of staff write at once: nobody's change is lost, and nobody is told of a lock."""

from __future__ import annotations

import os
import subprocess
import sys

WRITERS, CHANGES = 8, 12
SCRIPT = f"""
import threading
import django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from guanxi_crm.core.errors import Conflict
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Customer, Note
from guanxi_crm.customers.services.customers import customer_create, customer_update
from guanxi_crm.customers.services.notes import note_add
from guanxi_crm.users.policy import system

user = system()
shared = customer_create(user=user, values={{"name": "start", "kind": "person"}})
before, problems = AuditEntry.objects.count(), []

def write(writer):
    try:
        for change in range({CHANGES}):
            note_add(user=user, customer_id=shared.pk, text=f"{{writer}}.{{change}}")
            while True:
                seen = Customer.objects.get(pk=shared.pk)
                try:
                    customer_update(
                        user=user, customer_id=shared.pk, version=seen.version,
                        values={{"city": f"{{seen.city}}{{writer}}"}},
                    )
                    break
                except Conflict:
                    continue
    except Exception as error:
        problems.append(repr(error))
    finally:
        connection.close()

threads = [threading.Thread(target=write, args=(writer,)) for writer in range({WRITERS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
shared.refresh_from_db()
marks = sorted(shared.city)
print(problems, shared.version, len(marks), [marks.count(str(w)) for w in range({WRITERS})], Note.objects.count(),
      AuditEntry.objects.count() - before)
"""


def test_eight_writers_at_once_lose_nothing_and_meet_no_lock(tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "GUANXI_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "guanxi_crm.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    changes = WRITERS * CHANGES
    assert done.stdout.strip() == (f"[] {1 + changes} {changes} {[CHANGES] * WRITERS} {changes} {2 * changes}"), (
        done.stderr[-2000:]
    )
