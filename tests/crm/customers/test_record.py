"""Entering, changing and deleting a customer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import ProtectedError
from django.urls import reverse

from guanxi_crm.core.errors import Conflict, NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.customers.selectors.record import with_contact
from guanxi_crm.customers.services.customers import customer_create, customer_delete, customer_update
from guanxi_crm.sales.models import Order

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


def grant(user, kind="customer", **changes):
    """Change what the user's role says of a record type: ``fields`` and ``actions``."""
    role = user.roles.get()
    for part, values in changes.items():
        role.grants[kind][part].update(values)
    role.save()


def last_entry():
    return AuditEntry.objects.order_by("pk").last()


def test_whoever_enters_a_customer_looks_after_him(sales, team, actor):
    customer = customer_create(
        user=actor(sales), values={"name": " 李  雷 ", "country": "CN"}, contacts={"phone": "138-0013-8000"}, at=AT
    )
    assert (customer.name, customer.owner, customer.team, customer.origin) == ("李 雷", sales, team, "staff")
    assert customer.number == f"G{customer.pk:06d}"
    customer.refresh_from_db()
    assert customer.edited == ["country", "name", "phone"]
    assert [(each.value, each.normal, each.is_primary) for each in customer.contact_points.all()] == [
        ("138-0013-8000", "13800138000", True)
    ]
    created = AuditEntry.objects.get(action="create", kind="customer")
    assert created.changes == {"name": [None, "李 雷"], "country": [None, "CN"]}
    assert (created.user, created.record_id, created.door) == (sales, str(customer.pk), "page")


def test_a_number_that_a_system_of_the_company_has_given_is_not_given_again(sales, actor, customer_of):
    taken = customer_of()
    Customer.objects.filter(pk=taken.pk).update(number=f"G{taken.pk + 1:06d}")
    made = customer_create(user=actor(sales), values={"name": "李雷"})
    assert made.number == f"G{made.pk:06d}A"


def test_without_a_name_nothing_is_entered(sales, actor, company):
    with pytest.raises(RuleBroken) as refused:
        customer_create(user=actor(sales), values={"name": "  "})
    assert (refused.value.code, refused.value.field) == ("crm_customers.name_needed", "name")
    assert not Customer.objects.exists()


def test_a_contact_point_that_cannot_be_one_takes_the_customer_back_with_it(sales, actor, company):
    with pytest.raises(RuleBroken) as refused:
        customer_create(user=actor(sales), values={"name": "李雷"}, contacts={"email": "nonsense"})
    assert refused.value.field == "email"
    assert not Customer.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", ["analyst", "viewer"])
def test_who_may_only_read_enters_nobody(role, staff, actor):
    with pytest.raises(NotAllowed):
        customer_create(user=actor(staff[role]), values={"country": "CN"})
    assert not Customer.objects.exists()


def test_a_change_is_remembered_told_and_counted(sales, actor, customer_of):
    customer = customer_of(name="王小明", city="杭州", owner=sales)
    changed = customer_update(
        user=actor(sales), customer_id=customer.pk, version=1, at=AT,
        values={"name": "王小明", "city": "上海", "born_on": "1990-02-28"},
    )  # fmt: skip
    assert (changed.city, changed.born_on, changed.version, changed.updated_at) == ("上海", dt.date(1990, 2, 28), 2, AT)
    # What stayed as it was is not the staff's: an import may change it.
    assert changed.edited == ["born_on", "city"]
    assert last_entry().changes == {"city": ["杭州", "上海"], "born_on": [None, "1990-02-28"]}


def test_saving_without_a_change_writes_nothing(sales, actor, customer_of):
    customer = customer_of(city="杭州", owner=sales)
    customer_update(user=actor(sales), customer_id=customer.pk, version=1, values={"city": " 杭州 "})
    customer.refresh_from_db()
    assert (customer.version, customer.edited) == (1, [])
    assert not AuditEntry.objects.exists()


def test_the_second_of_two_writers_is_told_what_is_there_now(sales, manager, actor, customer_of):
    customer = customer_of(city="杭州", level="金卡", owner=sales)
    customer_update(user=actor(manager), customer_id=customer.pk, version=1, values={"city": "上海"})
    with pytest.raises(Conflict) as refused:
        customer_update(user=actor(sales), customer_id=customer.pk, version=1, values={"city": "北京", "level": "金卡"})
    assert refused.value.current == {"city": "上海", "version": 2}
    customer.refresh_from_db()
    assert (customer.city, customer.version) == ("上海", 2)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "robot"}, "crm_customers.not_a_choice"),
        ({"born_on": "31.12."}, "crm_customers.not_a_date"),
        ({"born_on": "2999-01-01"}, "crm_customers.not_a_birthday"),
        ({"city": "x" * 101}, "crm_customers.too_long"),
        ({"name": ""}, "crm_customers.name_needed"),
    ],
)
def test_a_value_that_breaks_a_rule_changes_nothing(values, code, sales, actor, customer_of):
    customer = customer_of(owner=sales)
    with pytest.raises(RuleBroken) as refused:
        customer_update(user=actor(sales), customer_id=customer.pk, version=1, values={"region": "浙江", **values})
    assert (refused.value.code, refused.value.field) == (code, next(iter(values)))
    customer.refresh_from_db()
    assert (customer.region, customer.version) == ("", 1)


@pytest.mark.parametrize("name", ["number", "owner", "amount", "version", "id", "password"])
def test_what_is_no_field_of_the_form_is_not_written(name, sales, actor, customer_of):
    customer = customer_of(owner=sales)
    with pytest.raises(NotAllowed):
        customer_update(user=actor(sales), customer_id=customer.pk, version=1, values={"city": "上海", name: "7"})
    customer.refresh_from_db()
    assert (customer.city, customer.number) == ("", customer.number)


def test_a_field_that_a_role_only_reads_is_not_in_the_form_and_refused_when_posted(service, client_of, customer_of):
    customer = customer_of(city="杭州")
    client, address = client_of(service), reverse("customers:edit", args=[customer.pk])
    form = client.get(address).content.decode()
    assert 'name="name"' in form
    assert 'name="city"' not in form
    answer = client.post(address, {"version": 1, "name": "新名", "city": "上海"})
    assert answer.status_code == 403
    customer.refresh_from_db()
    assert (customer.name, customer.city) == ("王小明", "杭州")


def test_a_hidden_field_is_answered_as_one_that_does_not_exist(sales, client_of, customer_of):
    grant(sales, fields={"born_on": "hidden"})
    customer = customer_of(owner=sales, born_on=dt.date(1990, 2, 28))
    client = client_of(sales)
    assert "1990-02-28" not in client.get(reverse("customers:edit", args=[customer.pk])).content.decode()
    answers = {
        name: client.get(reverse("customers:field", args=[customer.pk, name]), headers={"HX-Request": "true"})
        for name in ("born_on", "nothing")
    }
    assert {answer.status_code for answer in answers.values()} == {403}
    assert "1990-02-28" not in answers["born_on"].content.decode()


def test_sales_staff_see_the_teams_customers_and_change_their_own(
    sales, colleague, stranger, team, client_of, customer_of
):
    customer = customer_of(owner=sales, team=team, city="杭州")
    address = reverse("customers:edit", args=[customer.pk])
    assert client_of(sales).get(address).status_code == 200
    for user, status in ((colleague, 403), (stranger, 404)):
        answer = client_of(user).post(address, {"version": 1, "kind": "person", "name": "别人", "city": "上海"})
        assert answer.status_code == status
    customer.refresh_from_db()
    assert (customer.name, customer.city) == ("王小明", "杭州")


def test_a_conflict_shows_both_versions_keeps_what_was_typed_and_is_saved_over_on_confirmation(
    sales, manager, actor, client_of, customer_of
):
    customer = customer_of(owner=sales, city="杭州", level="银卡")
    client, address = client_of(sales), reverse("customers:edit", args=[customer.pk])
    typed = {"version": 1, "kind": "person", "name": "王小明", "city": "北京", "level": "钻石", "country": ""}
    customer_update(user=actor(manager), customer_id=customer.pk, version=1, values={"city": "上海"})

    answer = client.post(address, typed)

    assert answer.status_code == 409
    differences = {each["name"]: (each["theirs"], each["yours"]) for each in answer.context["differences"]}
    assert differences == {"city": ("上海", "北京"), "level": ("银卡", "钻石")}
    page = answer.content.decode()
    assert 'value="北京"' in page
    assert 'value="钻石"' in page
    customer.refresh_from_db()
    assert (customer.city, customer.level, customer.version) == ("上海", "银卡", 2)

    again = client.post(address, {**typed, "version": answer.context["form"]["version"].value()})

    assert again.status_code == 302
    customer.refresh_from_db()
    assert (customer.city, customer.level, customer.version) == ("北京", "钻石", 3)


def test_one_field_is_changed_in_its_place(sales, client_of, customer_of):
    customer = customer_of(owner=sales, city="杭州")
    client, address = client_of(sales), reverse("customers:field", args=[customer.pk, "city"])
    part = {"HX-Request": "true"}
    form = client.get(address, headers=part).content.decode()
    assert 'name="city"' in form
    assert 'name="name"' not in form
    shown = client.post(address, {"version": 1, "city": "上海"}, headers=part).content.decode()
    assert "上海" in shown
    assert "<form" not in shown
    customer.refresh_from_db()
    assert (customer.city, customer.version) == ("上海", 2)
    late = client.post(address, {"version": 1, "city": "北京"}, headers=part).content.decode()
    assert ("上海" in late, "北京" in late) == (True, True)
    customer.refresh_from_db()
    assert customer.city == "上海"


def test_whoever_may_not_change_a_customer_gets_no_form_for_a_field(colleague, sales, team, client_of, customer_of):
    customer = customer_of(owner=sales, team=team, city="杭州")
    address = reverse("customers:field", args=[customer.pk, "city"])
    answer = client_of(colleague).post(address, {"version": 1, "city": "上海"}, headers={"HX-Request": "true"})
    assert answer.status_code == 403
    customer.refresh_from_db()
    assert customer.city == "杭州"


def test_who_has_the_same_telephone_number_is_shown_before_a_second_is_made(sales, team, client_of, customer_of):
    known = customer_of(name="赵敏", owner=sales, team=team, phone="13800138000")
    client, address = client_of(sales), reverse("customers:create")
    typed = {"kind": "person", "name": "赵小敏", "phone": "138 0013 8000"}
    page = client.post(address, typed)
    assert Customer.objects.count() == 1
    assert reverse("site:customer", args=[known.pk]) in page.content.decode()
    assert 'value="赵小敏"' in page.content.decode()
    hint = client.post(reverse("customers:duplicates"), {"phone": "138-0013-8000"}).content.decode()
    assert "赵敏" in hint
    made = client.post(address, {**typed, "sure": "1"})
    assert made.status_code == 302
    assert Customer.objects.filter(contact_points__normal="13800138000").count() == 2


def test_nobody_is_shown_whom_the_user_may_not_see(sales, manager, stranger, viewer, actor, customer_of):
    known = customer_of(owner=sales, phone="13800138000")
    found = {user: with_contact(user=actor(user), kind="phone", normal="13800138000") for user in (manager, stranger)}
    assert found == {manager: [known], stranger: []}
    with pytest.raises(NotAllowed):
        with_contact(user=actor(viewer), kind="phone", normal="13800138000")


def test_only_a_customer_without_orders_is_deleted_with_all_that_is_kept_with_him(
    manager, client_of, customer_of, django_capture_on_commit_callbacks
):
    lonely = customer_of(phone="13800138000")
    address = reverse("customers:delete", args=[lonely.pk])
    assert client_of(manager).post(address).status_code == 302
    assert not Customer.objects.exists()
    assert not ContactPoint.objects.exists()
    assert last_entry().action == "delete"
    assert last_entry().changes["name"] == ["王小明", None]


def test_who_has_orders_stays(manager, actor, customer_of):
    customer = customer_of()
    Order.objects.create(
        source="shop", number="1", customer=customer, ordered_at=AT, ordered_on=AT.date(), lines_count=1, items=1,
        amount=100, currency="CNY",
    )  # fmt: skip
    with pytest.raises(RuleBroken):
        customer_delete(user=actor(manager), customer_id=customer.pk)
    assert Order.objects.get().customer == customer
    assert not AuditEntry.objects.exists()


def test_no_other_way_deletes_orders_with_their_customer(customer_of):
    customer = customer_of()
    Order.objects.create(
        source="shop", number="1", customer=customer, ordered_at=AT, ordered_on=AT.date(), lines_count=1, items=1,
        amount=100, currency="CNY",
    )  # fmt: skip
    with pytest.raises(ProtectedError):
        Customer.objects.filter(pk=customer.pk).delete()
    assert Order.objects.get().customer == customer


def test_deleting_is_not_for_everybody(sales, stranger, actor, customer_of):
    customer = customer_of(owner=sales)
    for user, refusal in ((sales, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            customer_delete(user=actor(user), customer_id=customer.pk)
    assert Customer.objects.get() == customer


@pytest.mark.parametrize(("language", "word"), [("zh", "新建客户"), ("en", "New customer")])
def test_the_form_speaks_the_readers_language(language, word, sales, client_of):
    page = client_of(sales, language=language).get(reverse("customers:create")).content.decode()
    assert word in page
    refused = client_of(sales, language=language).post(reverse("customers:create"), {"kind": "person", "name": ""})
    assert ("请填写客户姓名" if language == "zh" else "Give the customer a name") in refused.content.decode()


def test_nobody_gets_in_without_signing_in(client, customer_of):
    customer = customer_of()
    for name in ("customers:edit", "customers:delete", "customers:hand_over", "site:customer"):
        answer = client.post(reverse(name, args=[customer.pk])) if name.endswith("delete") else client.get(
            reverse(name, args=[customer.pk])
        )  # fmt: skip
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")
    assert Customer.objects.get() == customer


def test_from_a_form_one_returns_to_the_list_through_which_one_was_going(sales, client_of, customer_of):
    customer, client = customer_of(owner=sales), client_of(sales)
    page = reverse("site:customer", args=[customer.pk])
    there = f"{page}?list=segment.is%3Dloyal"
    for name in ("customers:edit", "customers:note_add", "customers:tag_add"):
        url = reverse(name, args=[customer.pk])
        form = client.get(url, headers={"Referer": f"http://testserver{there}"}).content.decode()
        assert f'name="back" value="{there}"' in form
    note = reverse("customers:note_add", args=[customer.pk])
    assert client.post(note, {"text": "来电", "back": there})["Location"] == there
    assert client.post(note, {"text": "来电"}, headers={"Referer": f"http://testserver{there}"})["Location"] == there
    # Nowhere else, whatever a form says.
    for elsewhere in ("https://elsewhere.example/?list=a", f"//elsewhere.example{page}x", "http://[", ""):
        assert client.post(note, {"text": "来电", "back": elsewhere})["Location"] == page
    assert client.post(note, {"text": "来电", "back": f"//elsewhere.example{there}"})["Location"] == there
