"""Files come in through the pages: looked at, tried, brought in, taken back."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guanxi import words
from guanxi.warehouse import Warehouse
from guanxi_crm.core.jobs import JobContext, job_cancel
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import ContactPoint, Customer, Note
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.studies import HORIZON_DAYS, STUDIES
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sources.models import Import, ImportFile, WarehouseSync
from guanxi_crm.sources.selectors import stands
from guanxi_crm.sources.services import lists_sync_anew
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import actor_for

pytestmark = pytest.mark.django_db


def upload(client, *paths: Path, **headers):
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    return client.post(reverse("sources:create"), {"files": files}, headers=headers)


def brought_in(client, work, *paths: Path) -> Import:
    """Uploaded, looked at, and imported as guessed."""
    upload(client, *paths)
    work()
    delivered = Import.objects.latest("created_at")
    client.post(reverse("sources:map", args=[delivered.pk]), as_guessed(delivered) | {"then": "import"})
    work()
    delivered.refresh_from_db()
    return delivered


def as_guessed(delivered: Import) -> dict[str, str]:
    form = {"currency": delivered.currency, "timezone": delivered.timezone}
    for place, table in enumerate(delivered.profile["tables"]):
        form[f"kind-{place}"] = table["kind"]
        for number, column in enumerate(table["columns"]):
            form[f"role-{place}-{number}"] = column["role"] or ""
    return form


@pytest.fixture
def signed_in(client, administrator):
    client.force_login(administrator)
    return client


def test_a_shops_files_become_customers_products_and_orders(signed_in, room, shop, work):
    delivered = brought_in(signed_in, work, shop / "orders.csv", shop / "customers.csv", shop / "products.csv")
    assert delivered.job.problem == {}
    assert stands(delivered) == "done"
    with Warehouse.open(room / "warehouse") as warehouse:
        snapshot = warehouse.snapshot()
    assert Customer.objects.count() == snapshot.rows("customers")
    assert Product.objects.count() == snapshot.rows("products")
    assert Order.objects.count() == snapshot.rows("orders")
    assert OrderLine.objects.count() == sum(Order.objects.values_list("lines_count", flat=True))
    assert ContactPoint.objects.count() == snapshot.rows("identifiers")
    assert WarehouseSync.objects.get().snapshot_id == snapshot.id
    for table in delivered.result["tables"]:
        assert table["records"] == table["loaded"] + table["known"] + table["set_aside"]
    page = signed_in.get(reverse("sources:show", args=[delivered.pk]))
    assert b"orders.csv" in page.content
    assert AuditEntry.objects.filter(kind="import", action="import").count() == 1


def test_the_studies_can_be_run_from_the_result(signed_in, room, shop, work):
    delivered = brought_in(signed_in, work, shop / "orders.csv")
    page = signed_in.get(reverse("sources:show", args=[delivered.pk])).content.decode()
    (form,) = re.findall(rf'<form[^>]+action="{reverse("insights:run_create")}".*?</form>', page)
    signed_in.post(reverse("insights:run_create"), dict(re.findall(r'name="(\w+)" value="(\w+)"', form)))
    run = Run.objects.get()
    assert (tuple(run.studies), run.horizon_days, run.as_of) == (STUDIES, HORIZON_DAYS, None)
    assert run.job.parameters["publish"] is True


def test_what_to_do_next_is_offered_to_who_may_do_it(signed_in, room, shop, work, user_of, client_of):
    delivered = brought_in(signed_in, work, shop / "orders.csv")
    where = reverse("sources:show", args=[delivered.pk])
    ways = [reverse(name) for name in ("insights:run_create", "customers:list", "sources:create")]

    def offered(page):
        (part,) = re.findall(r'<section[^>]+aria-labelledby="next".*?</section>', page, flags=re.DOTALL) or [""]
        return [way for way in ways if f'"{way}"' in part]

    assert offered(signed_in.get(where).content.decode()) == ways
    user = user_of()
    for kinds, expected in ((["import"], []), (["import", "customer"], ways[1:2])):
        grants = {kind: {"actions": {"view": "all"}} for kind in kinds}
        role = Role.objects.create(code=f"own_{len(kinds)}", name=f"Looks at {kinds}", grants=grants)
        user.roles.set([role])
        page = client_of(user).get(where)
        assert (page.status_code, offered(page.content.decode())) == (200, expected)
    upload(signed_in, shop / "products.csv")
    work()
    ready = Import.objects.latest("created_at")
    assert offered(signed_in.get(reverse("sources:show", args=[ready.pk])).content.decode()) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_columns_may_mean_can_be_read_at_a_glance_and_in_full(signed_in, room, shop, work, language):
    upload(signed_in, shop / "orders.csv")
    work()
    signed_in.cookies["guanxi_language"] = {"en": "en", "zh": "zh-hans"}[language]
    delivered = Import.objects.get()
    page = signed_in.get(reverse("sources:show", args=[delivered.pk])).content.decode()
    options = dict(re.findall(r'<option value="(\w+)" data-about="[^"]+"[^>]*>([^<]+)</option>', page))
    for roles in delivered.profile["roles"].values():
        names = [options[role] for role in roles]
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 38
    about = words.say("mapping.role_order_id", language)
    assert f'data-about="{about}"' in page
    assert options["order_id"] in about
    assert options["order_id"] != about


def test_the_same_files_twice_change_nothing(signed_in, room, shop, work):
    brought_in(signed_in, work, shop / "orders.csv")
    before = list(Customer.objects.values_list("number", "version")), Order.objects.count()
    again = upload(signed_in, shop / "orders.csv")
    work()
    delivered = Import.objects.latest("created_at")
    assert b"was brought in before" in signed_in.get(again["Location"]).content
    signed_in.post(reverse("sources:map", args=[delivered.pk]), as_guessed(delivered) | {"then": "import"})
    work()
    delivered.refresh_from_db()
    assert [(each["loaded"], each["was_known"]) for each in delivered.result["tables"]] == [(0, True)]
    assert b"nothing has changed" in signed_in.get(again["Location"]).content
    assert (list(Customer.objects.values_list("number", "version")), Order.objects.count()) == before


def test_later_files_change_only_what_they_tell_and_leave_alone_what_staff_have_set(signed_in, room, tmp_path, work):
    brought_in(
        signed_in,
        work,
        write(tmp_path / "customers.csv", "Customer ID,Name,City", "C1,Wang,Wuxi", "C2,Li,Ningbo", "C3,Zhao,Wuhan"),
    )
    Customer.objects.filter(number="C1").update(name="王小明", edited=["name"], version=2)
    brought_in(
        signed_in,
        work,
        write(
            tmp_path / "customers.csv",
            "Customer ID,Name,City",
            "C1,Wang Ming,Suzhou",
            "C2,Li Na,Ningbo",
            "C3,Zhao,Wuhan",
        ),
    )
    assert list(Customer.objects.order_by("number").values_list("number", "name", "city", "version")) == [
        ("C1", "王小明", "Suzhou", 3),
        ("C2", "Li Na", "Ningbo", 2),
        ("C3", "Zhao", "Wuhan", 1),
    ]


def test_an_import_taken_back_is_as_if_it_had_never_come(signed_in, room, shop, work, administrator):
    delivered = brought_in(signed_in, work, shop / "orders.csv", shop / "customers.csv")
    known = Customer.objects.order_by("pk").first()
    Note.objects.create(customer=known, text="likes tea", at=delivered.created_at)
    signed_in.post(reverse("sources:undo", args=[delivered.pk]))
    work()
    delivered.refresh_from_db()
    assert stands(delivered) == "undone"
    assert (Order.objects.count(), OrderLine.objects.count(), Product.objects.count()) == (0, 0, 0)
    # Whom staff have written about stays theirs.
    assert list(Customer.objects.values_list("pk", "origin")) == [(known.pk, "staff")]
    assert AuditEntry.objects.filter(kind="import", action="undo").count() == 1
    assert brought_in(signed_in, work, shop / "orders.csv").result["tables"][0]["was_known"] is False


def test_a_dry_run_adds_up_and_keeps_nothing(signed_in, room, shop, work):
    upload(signed_in, shop / "orders.csv")
    work()
    delivered = Import.objects.get()
    signed_in.post(reverse("sources:map", args=[delivered.pk]), as_guessed(delivered) | {"then": "try"})
    work()
    delivered.refresh_from_db()
    trial = delivered.profile["trial"]
    for each in trial["studies"]:
        assert each["delivered"] == each["used"] + each["set_aside"] + sum(each["kept_out"].values())
    [table] = trial["tables"]
    assert table["records"] == table["loaded"] + table["known"] + table["set_aside"]
    assert (stands(delivered), Customer.objects.count(), Order.objects.count()) == ("ready", 0, 0)
    assert not (room / "warehouse").exists()
    page = signed_in.get(reverse("sources:show", args=[delivered.pk]))
    assert b"Nothing was kept" in page.content or b"nothing was kept" in page.content


def test_a_column_that_is_missing_is_asked_for(signed_in, room, tmp_path, work):
    upload(signed_in, write(tmp_path / "orders.csv", "Order No,Bought,qqq", "1,2026-01-05,12.50", "2,2026-01-06,13.50"))
    work()
    delivered = Import.objects.get()
    where = reverse("sources:show", args=[delivered.pk])
    form = as_guessed(delivered) | {"kind-0": "orders", "role-0-1": "ordered_at", "role-0-2": ""}
    refused = signed_in.post(reverse("sources:map", args=[delivered.pk]), form | {"then": "import"})
    assert refused.status_code == 400
    assert b"Choose the missing columns first" in refused.content
    signed_in.post(reverse("sources:map", args=[delivered.pk]), form | {"role-0-2": "amount", "then": "import"})
    work()
    assert b"What became of the rows" in signed_in.get(where).content
    assert list(Order.objects.order_by("number").values_list("number", "amount")) == [("1", 1250), ("2", 1350)]


def test_a_role_for_two_columns_is_refused_and_nothing_changes(signed_in, room, shop, work):
    upload(signed_in, shop / "orders.csv")
    work()
    delivered = Import.objects.get()
    form = as_guessed(delivered) | {"role-0-0": "ordered_at", "role-0-1": "ordered_at", "then": "import"}
    refused = signed_in.post(reverse("sources:map", args=[delivered.pk]), form)
    assert (refused.status_code, b"is chosen for two columns" in refused.content) == (400, True)
    mapping = delivered.mapping
    delivered.refresh_from_db()
    assert (delivered.mapping, delivered.state) == (mapping, "ready")


def test_rows_set_aside_are_told_with_their_reasons_in_the_readers_language(signed_in, room, tmp_path, work):
    delivered = brought_in(
        signed_in, work,
        write(tmp_path / "orders.csv", "Order No,Order Time,Customer ID,Amount,Note",
              "1,2026-01-05,C1,12.50,a", "2,never,C1,13.50,=1+1", "3,2026-01-07,C2,1.50,b"),
    )  # fmt: skip
    answer = signed_in.get(reverse("sources:rejects", args=[delivered.pk]))
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    [row] = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
    assert (row["File"], row["Line"], row["Column"], row["Value"]) == ("orders.csv", "3", "Order Time", "never")
    assert json.loads(row["Record"])["Note"] == "=1+1"
    signed_in.cookies["guanxi_language"] = "zh-hans"
    chinese = b"".join(signed_in.get(reverse("sources:rejects", args=[delivered.pk])).streaming_content).decode()
    assert "行号" in chinese


@pytest.mark.parametrize("name", ["shop.source.yaml", "orders.exe", ".csv"])
def test_what_the_mine_does_not_read_is_refused(signed_in, room, name):
    answer = signed_in.post(reverse("sources:create"), {"files": SimpleUploadedFile(name, b"a,b\n1,2\n")})
    assert answer.status_code == 400
    assert Import.objects.count() == 0
    assert list((room / "uploads").rglob("*.*")) == []


def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing(signed_in, room, settings):
    settings.UPLOAD_LIMIT_BYTES = 1000
    file = SimpleUploadedFile("orders.csv", b"x" * 3_000_000)
    answer = signed_in.post(reverse("sources:create"), {"files": file}, headers={"Accept": "application/json"})
    assert (answer.status_code, "larger" in answer.json()["detail"]) == (400, True)
    assert (Import.objects.count(), list((room / "uploads").rglob("*.csv"))) == (0, [])


def test_a_name_cannot_lead_out_of_the_upload_directory(signed_in, room):
    signed_in.post(reverse("sources:create"), {"files": SimpleUploadedFile("..\\\\..\\\\evil.csv", b"a,b\n1,2\n")})
    assert ImportFile.objects.get().name == "evil.csv"
    assert [path.parents[2] for path in room.rglob("evil.csv")] == [room / "uploads"]


def test_a_file_that_is_no_table_says_what_it_is(signed_in, room, tmp_path, work):
    path = tmp_path / "orders.csv"
    path.write_bytes(b"%PDF-1.7 " + b"x" * 200)
    where = upload(signed_in, path)["Location"]
    work()
    delivered = Import.objects.get()
    assert stands(delivered) == "stopped"
    assert b"PDF" in signed_in.get(where).content


def test_who_may_not_import_sees_and_changes_nothing(client, viewer, sales, administrator, room, shop, work):
    client.force_login(sales)
    assert client.get(reverse("sources:list")).status_code == 403
    assert upload(client, shop / "products.csv").status_code == 403
    assert (Import.objects.count(), list(room.rglob("*.csv"))) == (0, [])
    client.force_login(administrator)
    where = upload(client, shop / "products.csv")["Location"]
    client.force_login(sales)
    assert client.get(where).status_code in {403, 404}
    for name in ("map", "start", "undo", "discard", "look"):
        answer = client.post(reverse(f"sources:{name}", args=[Import.objects.get().pk]))
        assert answer.status_code in {403, 404}
    assert Import.objects.get().state == "looking"


def test_an_upload_without_the_forms_secret_is_refused(administrator, room):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    answer = strict.post(reverse("sources:create"), {"files": SimpleUploadedFile("orders.csv", b"a,b\n1,2\n")})
    assert answer.status_code == 403
    assert Import.objects.count() == 0


def test_an_import_cancelled_while_lists_follow_is_finished_by_another_job(signed_in, room, shop, work, monkeypatch):
    upload(signed_in, shop / "orders.csv")
    work()
    delivered = Import.objects.get()
    signed_in.post(reverse("sources:map", args=[delivered.pk]), as_guessed(delivered) | {"then": "import"})
    said = JobContext.stage

    def cancelled_at_customers(context, code, total=None):
        if code == "crm_sources.stage_customers" and context.job.kind == "sources.import":
            job_cancel(job=context.job)
        said(context, code, total)

    monkeypatch.setattr(JobContext, "stage", cancelled_at_customers)
    assert [(job.kind, job.state) for job in work()] == [("sources.import", "cancelled"), ("sources.sync", "done")]
    delivered.refresh_from_db()
    assert stands(delivered) == "done"
    with Warehouse.open(room / "warehouse") as warehouse:
        assert Order.objects.count() == warehouse.snapshot().rows("orders")


def test_the_list_teaches_where_nothing_is_there(signed_in, room):
    page = signed_in.get(reverse("sources:list")).content.decode()
    assert reverse("sources:sample") in page
    sample = signed_in.get(reverse("sources:sample")).content.decode()
    assert sample.startswith("\ufeffOrder No,Order Time,Customer ID")


def test_the_sample_can_be_brought_in(signed_in, room, tmp_path, work):
    path = tmp_path / "orders-sample.csv"
    path.write_bytes(signed_in.get(reverse("sources:sample")).content)
    assert brought_in(signed_in, work, path).result["tables"][0]["loaded"] == 12


def test_a_full_comparison_mends_what_has_gone_astray(signed_in, room, shop, work, administrator):
    brought_in(signed_in, work, shop / "orders.csv")
    orders = Order.objects.count()
    Order.objects.filter(pk__lte=Order.objects.order_by("pk")[20].pk).delete()
    Product.objects.create(code="never", name="was not in any file")
    lists_sync_anew(user=actor_for(administrator))
    work()
    assert Order.objects.count() == orders
    assert not Product.objects.filter(code="never").exists()


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
