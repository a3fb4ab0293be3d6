"""What two people do at the same moment, in a process and a database file of their own."""

from __future__ import annotations

import os
import subprocess
import sys

ROUNDS = """
import threading
import django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from guanxi_crm.core.errors import Problem
from guanxi_crm.users.models import Role, User
from guanxi_crm.users.policy import actor_for
from guanxi_crm.users.services.invitations import invitation_accept, invitation_create
from guanxi_crm.users.services.staff import administrator_ensure, staff_deactivate, staff_update

role = Role.objects.get(code="administrator")
first, _ = administrator_ensure(email="a@example.com", password="correct horse battery")
second = User.objects.create_user("b@example.com", None, name="B")

def together(*deeds):
    start = threading.Barrier(len(deeds))
    done = []
    def run(deed):
        start.wait()
        try:
            done.append(deed())
        except Problem as problem:
            done.append(problem.code)
        finally:
            connection.close()
    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(done) == len(deeds), done
    return done

for number in range(6):
    User.objects.update(is_active=True)
    first.roles.set([role]); second.roles.set([role])
    one, other = actor_for(first), actor_for(second)
    if number % 2:
        together(lambda: staff_deactivate(user=one, staff_id=second.pk), lambda: staff_deactivate(user=other, staff_id=first.pk))
    else:
        together(lambda: staff_update(user=one, staff_id=second.pk, roles=[]), lambda: staff_update(user=other, staff_id=first.pk, roles=[]))
    print(role.users.filter(is_active=True).count())

_, secret = invitation_create(user=actor_for(role.users.filter(is_active=True).get()), email="n@example.com", name="N", roles=[role.pk], teams=[])
accept = lambda: invitation_accept(secret=secret, name="N", password="four other words entirely").email
print(sorted(together(accept, accept, accept)))
"""


def test_two_administrators_who_remove_each_other_leave_one_and_an_invitation_is_taken_up_once(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"GUANXI_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "guanxi_crm.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    over = "crm_users.invitation_over"
    assert done.stdout.splitlines() == [*["1"] * 6, str([over, over, "n@example.com"])]
