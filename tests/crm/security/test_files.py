"""Files that come in, files that go out, and what is written to the log."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guanxi_crm.core.sheet import inert
from guanxi_crm.customers.models import Attachment, Customer, CustomerTag, Tag
from guanxi_crm.sales.models import Order
from guanxi_crm.sources.models import Import
from guanxi_crm.users.models import ApiToken

pytestmark = pytest.mark.django_db

UPWARDS = [
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "a/../../b.txt",
    "%2e%2e%2fpasswd",
    "C:\\x.txt",
]


def kept_files():
    directory = Path(settings.UPLOAD_DIR)
    return {path for path in directory.rglob("*") if path.is_file()} if directory.is_dir() else set()


# Files kept with a customer


def keep(browser, there, name, content):
    return browser.post(f"/customers/{there.customer.pk}/files/", {"file": SimpleUploadedFile(name, content)})


BAD_FILES = {
    "page.pdf": b"<!doctype html><script>alert(1)</script>",
    "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "program.pdf": b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 64,
    "program.txt": b"\x7fELF" + b"\0" * 64,
    "archive.zip": b"PK\x03\x04" + b"\0" * 64,
    "nothing.txt": b"",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_a_browser_or_a_computer_would_run_is_not_kept(name, there, sales, client_of):
    before, rows = kept_files(), Attachment.objects.count()
    assert keep(client_of(sales), there, name, BAD_FILES[name]).status_code == 400
    assert kept_files() == before
    assert Attachment.objects.count() == rows


def test_what_is_too_large_is_not_kept(there, sales, client_of, settings):
    settings.ATTACHMENT_LIMIT_BYTES = 10
    before = kept_files()
    assert keep(client_of(sales), there, "a.txt", b"x" * 11).status_code == 400
    assert kept_files() == before


@pytest.mark.parametrize("name", UPWARDS)
def test_a_name_leads_nowhere(name, there, sales, client_of):
    """Bytes lie under a key of ours; the name is for people, and goes out as an attachment."""
    browser, before = client_of(sales), kept_files()
    assert keep(browser, there, name, b"plain text").status_code == 302
    (path,) = kept_files() - before
    kept = Attachment.objects.latest("pk")
    assert path.name == kept.key.hex
    assert path.resolve().is_relative_to(Path(settings.UPLOAD_DIR).resolve())
    answer = browser.get(f"/customers/{there.customer.pk}/files/{kept.key}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not set("/\\") & set(kept.name)
    answer.close()


def test_a_name_adds_no_header(there, sales, client_of):
    browser = client_of(sales)
    Attachment.objects.update(name='a"\r\nSet-Cookie: x=1.txt')
    answer = browser.get(f"/customers/{there.customer.pk}/files/{Attachment.objects.get().key}/")
    assert answer.status_code in {200, 400, 404}
    assert "Set-Cookie" not in answer.headers
    answer.close()


# Files to import


@pytest.mark.parametrize("name", ["run.exe", "page.html", "orders.csv.exe", ".csv", "orders.php", "orders"])
def test_what_is_no_table_is_not_brought_in(name, manager, client_of):
    before = kept_files()
    answer = client_of(manager).post("/data/new/", {"files": SimpleUploadedFile(name, b"a,b\n1,2\n")})
    assert answer.status_code == 400
    assert kept_files() == before
    assert not Import.objects.exists()


def test_what_is_too_large_is_not_brought_in(manager, client_of, settings):
    settings.UPLOAD_LIMIT_BYTES = 10
    before = kept_files()
    answer = client_of(manager).post("/data/new/", {"files": SimpleUploadedFile("orders.csv", b"x" * 100)})
    assert answer.status_code == 400
    assert kept_files() == before


@pytest.mark.parametrize("name", ["../../orders.csv", "..\\orders.csv", "/etc/orders.csv"])
def test_a_delivered_name_leads_nowhere(name, manager, client_of):
    before = kept_files()
    client_of(manager).post("/data/new/", {"files": SimpleUploadedFile(name, b"a,b\n1,2\n")})
    (path,) = kept_files() - before
    assert path.resolve().is_relative_to(Path(settings.UPLOAD_DIR).resolve())
    assert path.name == "orders.csv"


# Files of a run


@pytest.mark.parametrize(
    "path",
    [
        "en/../../../secret.key",
        "en/..%2f..%2fsecret.key",
        "en/secret.key",
        "xx/report.html",
        "../report.html",
        "en/%2e%2e",
    ],
)
def test_only_a_runs_own_files_are_sent(path, there, administrator, client_of):
    assert client_of(administrator).get(f"/studies/runs/{there.run.pk}/files/{path}").status_code == 404


# Spreadsheets


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
    '=HYPERLINK("http://x")',
    "－1",
    "＠x",
]


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_export_holds_a_formula_that_runs(formula, there, manager, client_of):
    texts = ("name", "country", "region", "city", "postal_code", "language", "level")
    Customer.objects.filter(pk=there.customer.pk).update(number=formula, **dict.fromkeys(texts, formula[:20]))
    Order.objects.update(number=formula, source=formula, country=formula, channel=formula)
    there.customer.contact_points.update(value=formula)
    CustomerTag.objects.update(tag=Tag.objects.create(name=formula))
    cells = [
        cell
        for url in ("/customers/export/", "/sales/orders/export/")
        for row in rows_of(client_of(manager).post(url, {"columns": "all"}))
        for cell in row
    ]
    assert inert(formula) in cells
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+@＝＋－＠")]
    assert not [cell for cell in cells if cell[:1] == "-" and not cell[1:].replace(".", "").isdigit()]


# The log


def test_the_log_holds_no_secrets(manager, password, caplog, client):
    """Signing in well and badly, a token made and used, a mistake of ours: none of their secrets is written down."""
    caplog.set_level(logging.DEBUG)
    client.post("/account/login/", {"login": manager.email, "password": "not-the-password-1"})
    client.post("/account/login/", {"login": manager.email, "password": password})
    made = client.post("/settings/tokens/", {"name": "till", "days": "30", "scopes": ["customer.view"]})
    secret = made.context["secret"]
    assert ApiToken.objects.count() == 1
    Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}x"})
    Client().get("/nowhere/", headers={"Authorization": f"Bearer {secret}"})
    session = client.cookies["sessionid"].value
    said = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "sign-in failed" in said
    for each in (password, "not-the-password-1", secret, session, settings.SECRET_KEY):
        assert each not in said
