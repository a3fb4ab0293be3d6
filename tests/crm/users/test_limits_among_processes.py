"""Limits of signing in hold over all processes of a web server together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from guanxi_crm.users.models import User
User.objects.create_user("sales@example.com", "correct horse battery staple", name="Sam")
"""
TRY = """
import django
django.setup()
from django.test import Client
from guanxi.words import say
client = Client(headers={"Accept-Language": "en"})
refused = say("crm_users.too_many_attempts", "en")
client.get("/account/login/")
input()
tried = []
for _ in range(4):
    page = client.post("/account/login/", {"login": "sales@example.com", "password": "not this one, certainly"})
    tried.append(refused not in page.content.decode())
print(sum(tried), flush=True)
input()
page = client.post("/account/login/", {"login": "sales@example.com", "password": "correct horse battery staple"})
print(page.status_code, flush=True)
"""
MOST = 5
"""Wrong passwords for one account within five minutes."""


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return os.environ | {"GUANXI_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "process_settings",
                         "PYTHONPATH": str(Path(__file__).parent)}  # fmt: skip


def test_two_processes_let_no_more_guesses_through_than_one(environment):
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PREPARE], env=environment, check=True)
    command = [sys.executable, "-c", TRY]
    guessing = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(_told(guessing)) == MOST
    # Then even the right password is refused: whoever guesses learns nothing from it.
    assert _told(guessing) == [200, 200]
    for each in guessing:
        each.communicate()


def _told(processes: list[subprocess.Popen[str]]) -> list[int]:
    """Let all go on at once, and wait for what each says then."""
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    return [int(each.stdout.readline()) for each in processes]
