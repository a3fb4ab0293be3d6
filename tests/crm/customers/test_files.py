"""Files kept with a customer: what they are is decided by what is in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Attachment
from guanxi_crm.customers.services.customers import customer_delete
from guanxi_crm.customers.services.files import attachment_add, attachment_open, attachment_remove, content_type_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a contract"


@pytest.fixture(autouse=True)
def uploads(tmp_path, settings) -> Path:
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


def kept(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def archive(**names: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as out:
        for name, value in names.items():
            out.writestr(name.replace("__", "/"), value)
    return content.getvalue()


def test_a_file_is_kept_under_a_name_of_ours_and_given_back_under_its_own(sales, actor, customer_of, uploads):
    customer = customer_of(owner=sales)
    upload = SimpleUploadedFile("..\\..\\合同 <2026>.pdf", PDF, content_type="text/html")
    attachment = attachment_add(user=actor(sales), customer_id=customer.pk, upload=upload)
    assert (attachment.name, attachment.content_type, attachment.size) == ("合同 2026.pdf", "application/pdf", len(PDF))
    [path] = kept(uploads)
    assert path.name == attachment.key.hex
    found, content = attachment_open(user=actor(sales), customer_id=customer.pk, key=attachment.key)
    with content:
        assert (found, content.read()) == (attachment, PDF)
    assert AuditEntry.objects.get().changes == {"files": [None, "合同 2026.pdf"]}


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"....ftypheic", "image/heic"),
        ("姓名,电话\n王小明,138".encode(), "text/plain"),
        ("姓名,电话\n王小明,138".encode("gb18030"), "text/plain"),
        (("姓名" * 5000).encode(), "text/plain"),
        (
            archive(word__document_xml=b"").replace(b"document_xml", b"document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            archive(mimetype=b"application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        (b"<!DOCTYPE html><script>alert(1)</script>", None),
        (b"\xef\xbb\xbf <svg onload=alert(1)>", None),
        (b"MZ\x90\x00\x03", None),
        (b"\x7fELF\x02\x01\x01\x00", None),
        (archive(anything=b"inside"), None),
        (archive(word__document_xml=b"", word__vbaProject_bin=b"").replace(b"_xml", b".xml").replace(b"_bin", b".bin"), None),
        (archive(mimetype=b"text/html"), None),
        (b"PK\x03\x04 broken", None),
    ],
)  # fmt: skip
def test_what_a_file_is(content, content_type):
    assert content_type_of(io.BytesIO(content)) == content_type


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.pdf", b"<html><script>alert(1)</script>", "crm_customers.file_kind"),
        ("empty.pdf", b"", "crm_customers.file_empty"),
        ("large.pdf", PDF * 100, "crm_customers.file_too_large"),
    ],
)
def test_what_is_not_taken_leaves_nothing_behind(name, content, code, sales, actor, customer_of, uploads, settings):
    settings.ATTACHMENT_LIMIT_BYTES = 1000
    customer = customer_of(owner=sales)
    with pytest.raises(RuleBroken) as refused:
        attachment_add(user=actor(sales), customer_id=customer.pk, upload=SimpleUploadedFile(name, content))
    assert refused.value.code == code
    assert kept(uploads) == []
    assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_database_refuses_the_bytes_go_again(customer_of, uploads):
    # Somebody whose account is gone by the time the transaction is to hold.
    nobody = Actor(user_id=10**9, name="gone", everything=True)
    with pytest.raises(IntegrityError):
        attachment_add(user=nobody, customer_id=customer_of().pk, upload=SimpleUploadedFile("a.pdf", PDF))
    assert kept(uploads) == []
    assert not Attachment.objects.exists()


def test_a_removed_file_and_those_of_a_deleted_customer_leave_the_disk(
    manager, actor, customer_of, uploads, django_capture_on_commit_callbacks
):
    customer, user = customer_of(), actor(manager)
    first, _ = (
        attachment_add(user=user, customer_id=customer.pk, upload=SimpleUploadedFile(name, PDF))
        for name in ("a.pdf", "b.pdf")
    )
    with django_capture_on_commit_callbacks(execute=True):
        attachment_remove(user=user, customer_id=customer.pk, key=first.key)
    assert len(kept(uploads)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        customer_delete(user=user, customer_id=customer.pk)
    assert kept(uploads) == []


def test_who_may_not_see_files_gets_none(sales, stranger, viewer, colleague, team, actor, customer_of, uploads):
    customer = customer_of(owner=sales, team=team)
    attachment = attachment_add(user=actor(sales), customer_id=customer.pk, upload=SimpleUploadedFile("a.pdf", PDF))
    for user in (stranger, viewer):
        with pytest.raises(NotFound):
            attachment_open(user=actor(user), customer_id=customer.pk, key=attachment.key)
    for user, refusal in ((colleague, NotAllowed), (viewer, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            attachment_remove(user=actor(user), customer_id=customer.pk, key=attachment.key)
    assert Attachment.objects.count() == len(kept(uploads)) == 1


def test_another_customers_file_is_not_found_under_this_one(sales, stranger, actor, customer_of):
    mine, foreign = customer_of(owner=sales), customer_of(owner=stranger)
    attachment = attachment_add(user=actor(stranger), customer_id=foreign.pk, upload=SimpleUploadedFile("a.pdf", PDF))
    with pytest.raises(NotFound):
        attachment_open(user=actor(sales), customer_id=mine.pk, key=attachment.key)


def test_the_pages_take_a_file_and_give_it_to_be_kept_never_to_be_shown(sales, viewer, client_of, customer_of):
    customer, client = customer_of(owner=sales), client_of(sales)
    add = reverse("customers:file_add", args=[customer.pk])
    refused = client.post(add, {"file": SimpleUploadedFile("a.pdf", b"<html>")})
    assert refused.status_code == 400
    assert "PDF" in refused.content.decode()
    assert client.post(add, {}).status_code == 400
    assert client.post(add, {"file": SimpleUploadedFile("合同.pdf", PDF)}).status_code == 302
    address = reverse("customers:file_download", args=[customer.pk, Attachment.objects.get().key])
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"
    assert client_of(viewer).get(address).status_code == 404
    client.post(reverse("customers:file_remove", args=[customer.pk, Attachment.objects.get().key]))
    assert not Attachment.objects.exists()
