"""Limits of signing in hold over all processes of a web server together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
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
import json, sys, time
import django
django.setup()
from django.test import Client
from guanxi.words import say
client = Client(headers={"Accept-Language": "en"})
refused = say("crm_users.too_many_attempts", "en")
client.get("/account/login/")
time.sleep(max(0.0, float(sys.argv[1]) - time.time()))
tried = []
for _ in range(4):
    page = client.post("/account/login/", {"login": "sales@example.com", "password": "not this one, certainly"})
    tried.append(refused not in page.content.decode())
page = client.post("/account/login/", {"login": "sales@example.com", "password": "correct horse battery staple"})
print(json.dumps({"tried": sum(tried), "status": page.status_code}))
"""
MOST = 5
"""Wrong passwords for one account within five minutes."""
SECONDS_TO_START = 5.0


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return os.environ | {"GUANXI_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "process_settings",
                         "PYTHONPATH": str(Path(__file__).parent)}  # fmt: skip


def test_two_processes_let_no_more_guesses_through_than_one(environment):
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PREPARE], env=environment, check=True)
    start = str(time.time() + SECONDS_TO_START)
    guessing = [
        subprocess.Popen([sys.executable, "-c", TRY, start], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [json.loads(each.communicate()[0]) for each in guessing]
    assert sum(answer["tried"] for answer in answers) == MOST
    # Then even the right password is refused: whoever guesses learns nothing from it.
    assert [answer["status"] for answer in answers] == [200, 200]
