"""Everything about one customer on one page, as far as a role may see it."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from guanxi_crm.customers.models import (
    Attachment,
    Consent,
    CustomerScores,
    CustomerTag,
    HandOver,
    Note,
    ScoreVersion,
    SegmentChange,
    Tag,
    Task,
)
from guanxi_crm.customers.selectors.mined import mined_of
from guanxi_crm.insights.models import ProductRule, RuleItem
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sales.selectors.of_customer import OrderMonth
from guanxi_crm.site.customer_cards import months_chart, reasons_in_words

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
REASONS = {
    "churn": [["churn.reason_silence", 41.0, 1.2], ["churn.reason_recent_amount", 120000.0, -0.3]],
    "value": [["value.reason_order_amount", 30800.0, 8.0], ["value.reason_orders", 12.0, 3.0]],
    "segments": [["segments.reason_recency", 41.0, 1.0], ["not.a_reason", 1.0, 1.0]],
}


@pytest.fixture
def version(company) -> ScoreVersion:
    return ScoreVersion.objects.create(
        state=ScoreVersion.State.KEPT, is_current=True, as_of=dt.date(2026, 3, 1), snapshot_id=1, currency="CNY",
        grades={"value": "A", "churn": "B"}, published_at=AT,
    )  # fmt: skip


@pytest.fixture
def scored(version, customer_of):
    """Makes a customer of whom everything is known, with ``size`` orders, notes, tasks and so on."""

    def make(size: int = 1, **values):
        customer = customer_of(phone="13800138000", email="wang@example.com", level="黑金会员", **values)
        owner = values.get("owner")
        CustomerScores.objects.create(
            scored=version, customer=customer, orders=12, amount=4321000, returns_amount=5600,
            days_since_last_order=41, mean_days_between_orders=20.5, last_order_at=AT - 41 * DAY, r=2, f=5, m=5,
            segment="at_risk", value_group="high", abc="A", is_vip=True, is_silent=True, expected_orders=2.4,
            expected_orders_low=1, expected_orders_high=4, expected_amount=245600, expected_amount_low=123400,
            expected_amount_high=398700, next_order_on=dt.date(2026, 4, 5), next_order_amount=65400,
            churn_probability=0.58, churn_band="medium", reasons=REASONS,
        )  # fmt: skip
        SegmentChange.objects.create(
            customer=customer, scored=version, as_of=version.as_of, before="champions", after="at_risk"
        )
        bought = Product.objects.get_or_create(code="P1", defaults={"name": "小王子"})[0]
        for number in range(size):
            at = AT - number * DAY
            order = Order.objects.create(
                key=f"{customer.pk}-{number}", source="shop", number=f"SO{number}", customer=customer, ordered_at=at,
                ordered_on=at.date(), lines_count=1, items=1, amount=777700, currency="CNY",
            )  # fmt: skip
            OrderLine.objects.create(
                order=order, line_no=1, product=bought, quantity=1, amount=777700, line_kind="sale"
            )
            Note.objects.create(customer=customer, author=owner, text=f"来电 {number}", at=at)
            Task.objects.create(customer=customer, title=f"回电话 {number}", assignee=owner, created_at=at)
            Consent.objects.create(customer=customer, purpose="marketing", channel="sms", is_given=True, at=at)
            HandOver.objects.create(customer=customer, to_owner=owner, note="请多关照", at=at)
            Attachment.objects.create(
                customer=customer, name=f"合同{number}.pdf", content_type="application/pdf", size=9, at=at
            )
            tag, _ = Tag.objects.get_or_create(name=f"标签{number}")
            CustomerTag.objects.create(customer=customer, tag=tag)
        return customer

    return make


def page_of(client, customer, **parameters):
    answer = client.get(reverse("site:customer", args=[customer.pk]), parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(page: str) -> str:
    """What a reader sees of it."""
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL).split())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("At risk", "High value", "VIP", "Silent", "58%", "last order 41 days ago", "CN¥1,200 spent in the last 90 days",
                "CN¥2,456", "CN¥1,234 – CN¥3,987", "2026-04-05", "as of 2026-03-01", "purchases so far: 12",
                "Champions", "Wavering (33% to 66%)")),
        ("zh", ("有流失风险", "高价值", "VIP 客户", "沉默客户", "58%", "最近一次购买在 41 天前", "最近 90 天消费 ¥1,200",
                "¥2,456", "¥1,234 – ¥3,987", "2026-04-05", "截至 2026-03-01", "至今购买 12 次", "明星客户",
                "摇摆不定（33% 至 66%）")),
    ],
)  # fmt: skip
def test_it_says_who_he_is_what_he_is_worth_and_why_he_may_leave(language, words, sales, client_of, scored):
    customer = scored(owner=sales)
    seen = text_of(page_of(client_of(sales, language=language), customer))
    assert [word for word in words if word not in seen] == []
    for word in (
        "王小明",
        customer.number,
        "13800138000",
        "黑金会员",
        "来电 0",
        "合同0.pdf",
        "标签0",
        "SO0",
        "回电话 0",
    ):
        assert word in seen
    assert re.search(r"crm_[a-z]+\.|churn\.|segments\.", seen) is None


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("Speaks for leaving", "last order 41 days ago", "Speaks for staying", "spent in the last 90 days")),
    ("zh", ("可能流失的迹象", "最近一次购买在 41 天前", "有望留住的迹象", "最近 90 天消费")),
])  # fmt: skip
def test_what_speaks_for_leaving_and_for_staying_stands_apart(language, words, sales, client_of, scored):
    seen = text_of(page_of(client_of(sales, language=language), scored(owner=sales)).partition('id="churn"')[2])
    places = [seen.index(word) for word in words]
    assert places == sorted(places)


def test_reasons_that_hardly_weigh_are_left_out_and_each_side_has_its_strongest(version, customer_of, actor, sales):
    told = [["churn.reason_silence", 41.0, 2.0], *([["churn.reason_frequency", n, -1.0] for n in range(6)]),
            ["churn.reason_tenure", 700.0, 0.09]]  # fmt: skip
    customer = customer_of(owner=sales)
    CustomerScores.objects.create(scored=version, customer=customer, churn_probability=0.5, reasons={"churn": told})
    reasons = reasons_in_words(mined_of(customer, user=actor(sales)), "churn")
    assert (len(reasons.raising), len(reasons.lowering), len(reasons.every)) == (1, 4, 4)
    assert reasons.every[0] == reasons.raising[0]
    assert reasons_in_words(None, "churn").every == []


def test_a_return_is_shown_as_one_with_what_was_returned(sales, client_of, scored):
    customer = scored(2, owner=sales)
    Order.objects.filter(number="SO0").update(amount=0, returns_amount=5000)
    Order.objects.filter(number="SO1").update(amount=9000, returns_amount=1000)
    page = page_of(client_of(sales), customer)
    seen = text_of(page)
    assert "Return SO0 -CN¥50.00" in seen
    assert "Order SO1 partly returned, already taken off CN¥80.00" in seen
    assert page.count("event-return") == 1


def test_who_may_not_see_returns_is_told_of_amounts_only(sales, client_of, scored):
    role = sales.roles.get()
    role.grants["order"]["fields"]["returns_amount"] = "hidden"
    role.save()
    customer = scored(1, owner=sales)
    Order.objects.update(amount=9000, returns_amount=1000)
    seen = text_of(page_of(client_of(sales), customer))
    assert "CN¥90.00" in seen
    assert "CN¥80.00" not in seen
    assert "returned, already" not in seen


@pytest.mark.parametrize(("language", "asked", "unasked"), [
    ("en", "Marketing – Never asked Telephone Withdrawn E-mail Given SMS", "Marketing Never asked"),
    ("zh", "营销 – 未询问 电话 撤回 邮件 同意 短信", "营销 未询问"),
])  # fmt: skip
def test_the_header_says_whether_he_may_be_written_to(language, asked, unasked, sales, client_of, scored):
    customer, client = scored(owner=sales), client_of(sales, language=language)
    Consent.objects.create(customer=customer, purpose="marketing", channel="email", is_given=False, at=AT)
    assert asked in text_of(page_of(client, customer))
    Consent.objects.all().delete()
    assert unasked in text_of(page_of(client, customer))


def test_hidden_consents_and_scores_are_not_in_the_header(sales, client_of, scored):
    customer = scored(owner=sales)
    assert "RFM 2-5-5" in text_of(page_of(client_of(sales), customer))
    role = sales.roles.get()
    role.grants["customer"]["fields"].update({"consents": "hidden", "r": "hidden"})
    role.save()
    seen = text_of(page_of(client_of(sales), customer))
    assert "RFM 2" not in seen
    assert "Marketing" not in seen


def test_one_goes_on_in_the_list_from_which_one_came(sales, client_of, scored):
    first, second, third = (scored(owner=sales, city=city, name=name) for city, name in
                            (("上海", "甲"), ("杭州", "乙"), ("上海", "丙")))  # fmt: skip
    client = client_of(sales)
    address = urlencode({"list": "city.is=上海&sort=name&view=all"})
    page = client.get(f"{reverse('site:customer', args=[third.pk])}?{address}").content.decode()
    assert re.search(rf'rel="next" href="/customers/{first.pk}/\?list=[^"]+"', page)
    assert 'rel="prev"' not in page
    assert f'href="{reverse("customers:list")}?city.is=%E4%B8%8A%E6%B5%B7&amp;sort=name&amp;view=all"' in page
    listed = client.get(f"{reverse('customers:list')}?city.is=上海&sort=name").content.decode()
    onwards = re.search(rf'<a class="line-name" href="(/customers/{third.pk}/\?list=[^"]+)"', listed)[1]
    assert f'rel="next" href="/customers/{first.pk}/' in client.get(onwards).content.decode()
    # The plain page: everybody, who brings most first; of the same amount the newest.
    assert re.search(rf'rel="next" href="/customers/{second.pk}/"', page_of(client, third))


@pytest.mark.parametrize(
    "told", ["amount.at_least=x", "nonsense.is=1", "sort=secret", "email.is=a@b.c", "\0", "=&" * 2000]
)
def test_a_list_that_is_none_is_the_list_of_all(told, viewer, client_of, scored):
    newer = scored(), scored()
    page = page_of(client_of(viewer), newer[1], list=told)
    assert re.search(rf'rel="next" href="/customers/{newer[0].pk}/"', page)


def test_keys_are_told_of_to_who_may_use_them(sales, viewer, client_of, scored):
    customer = scored(owner=sales)
    keys = {user: re.search(r"<template data-keys>.*?</template>", page_of(client_of(user), customer), re.DOTALL)[0]
            for user in (sales, viewer)}  # fmt: skip
    assert re.findall(r"<kbd>(.)</kbd>", keys[sales]) == ["j", "k", "n", "t", "h"]
    assert re.findall(r"<kbd>(.)</kbd>", keys[viewer]) == ["j", "k"]


def test_every_role_sees_its_own_page(staff, team, client_of, scored):
    customer = scored(owner=staff["sales"], team=team)
    seen = {role: text_of(page_of(client_of(user), customer)) for role, user in staff.items()}
    private = ("王小明", "13800138000", "wang@example.com", "来电 0", "合同0.pdf")
    shown = {role: [word for word in private if word in page] for role, page in seen.items()}
    assert shown == {
        role: [] if role in {"analyst", "viewer"} else list(private) for role in staff
    }  # fmt: skip
    # Forecasts in money are not for service staff; what was spent is.
    assert ["CN¥2,456" in seen["service"], "CN¥43,210" in seen["service"]] == [False, True]
    assert all("Hand over" in seen[role] for role in ("administrator", "manager", "sales"))
    assert not any("Hand over " in seen[role] for role in ("service", "analyst", "viewer"))
    assert not any("Keep the note" in seen[role] for role in ("analyst", "viewer"))


def test_hidden_amounts_take_chart_value_and_order_amounts_with_them(service, client_of, scored):
    role = service.roles.get()
    role.grants["customer"]["fields"].update(
        dict.fromkeys(("amount", "returns_amount", "expected_amount", "next_order_amount"), "hidden")
    )
    role.save()
    page = page_of(client_of(service), scored())
    assert re.findall(r"CN¥|7777|777700|43,?210|2,?456", page) == []
    assert "data-chart" not in page
    # A reason that tells an amount is one too; the others stay.
    assert "spent in the last" not in page
    assert "last order 41 days ago" in page


def test_a_hidden_score_has_no_card_and_no_reasons(sales, client_of, scored):
    role = sales.roles.get()
    role.grants["customer"]["fields"].update({"churn_probability": "hidden", "segment": "hidden"})
    role.save()
    seen = text_of(page_of(client_of(sales), scored(owner=sales)))
    assert [word in seen for word in ("58%", "Will this customer leave?", "spent in the last 90 days", "At risk", "Champions")] == [
        False, False, False, False, False,
    ]  # fmt: skip


def test_who_may_not_see_the_customer_gets_nothing(stranger, sales, client_of, scored):
    customer = scored(owner=sales)
    client = client_of(stranger)
    for name in ("site:customer", "site:customer_timeline"):
        answer = client.get(reverse(name, args=[customer.pk]))
        assert answer.status_code == 404
        assert "王小明" not in answer.content.decode()


@pytest.mark.parametrize("role", ["administrator", "sales"])
def test_the_number_of_queries_does_not_grow(role, staff, team, client_of, scored, django_assert_max_num_queries):
    small = scored(1, owner=staff["sales"], team=team)
    large = scored(40, owner=staff["sales"], team=team)
    client = client_of(staff[role])
    page_of(client, small)
    for customer in (small, large):
        with django_assert_max_num_queries(24):
            page_of(client, customer)


def test_the_timeline_goes_on_and_shows_one_kind(sales, client_of, scored):
    customer, client = scored(30, owner=sales), client_of(sales)
    address = reverse("site:customer_timeline", args=[customer.pk])
    first = client.get(address, {"kind": "notes"})
    notes = re.findall(r"来电 (\d+)", first.content.decode())
    more = client.get(address, {"kind": "notes", "cursor": first.context["next"]})
    notes += re.findall(r"来电 (\d+)", more.content.decode())
    assert notes == [str(number) for number in range(30)]
    assert more.context["next"] is None
    assert "SO0" not in first.content.decode()
    assert 'aria-current="true"' in first.content.decode()
    # The same address without a script: the whole page.
    assert "来电 0" in page_of(client, customer, kind="notes")


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing has been mined yet"), ("zh", "尚未进行研究")])
def test_before_the_first_run_it_says_what_will_be_here(language, words, manager, client_of, customer_of):
    seen = text_of(page_of(client_of(manager, language=language), customer_of(name="新客户")))
    assert words in seen
    assert ("Run the studies" if language == "en" else "运行研究") in seen


def test_a_customer_without_orders_is_not_said_to_be_worth_nothing(sales, version, client_of, customer_of):
    seen = text_of(page_of(client_of(sales), customer_of(owner=sales)))
    assert "Not in the last run" in seen
    assert "CN¥0" not in seen


def test_what_he_may_want_says_why(manager, version, client_of, scored):
    customer = scored()
    rule = ProductRule.objects.create(
        scored=version, antecedent=["P1"], size=1, consequent="P2", consequent_name="窗边的小豆豆", count=31,
        confidence=0.42, lift=3.4,
    )  # fmt: skip
    RuleItem.objects.create(rule=rule, scored_id=version.pk, product_code="P1")
    seen = text_of(page_of(client_of(manager), customer))
    assert "窗边的小豆豆" in seen
    assert "bought: 小王子; 3.4 times likelier than usual" in seen


def test_a_note_is_ones_own_to_correct_and_somebody_elses_to_read(sales, manager, client_of, customer_of):
    customer = customer_of(owner=sales)
    note = Note.objects.create(customer=customer, author=sales, text="来电", at=timezone.now())
    change = reverse("customers:note_change", args=[customer.pk, note.pk])
    assert change in page_of(client_of(sales), customer)
    assert change not in page_of(client_of(manager), customer)


def test_what_people_typed_cannot_become_part_of_the_page(sales, client_of, scored):
    attack = "<script>alert(1)</script>"
    customer = scored(owner=sales, name=attack, city=attack)
    Note.objects.create(customer=customer, author=sales, text=attack, at=timezone.now())
    page = page_of(client_of(sales), customer)
    assert attack not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3


def test_months_without_an_order_are_nought_in_the_chart(company):
    months = [
        OrderMonth(dt.date(2025, 11, 1), 2, 12345, 0, "CNY"),
        OrderMonth(dt.date(2026, 2, 1), 1, 500, 0, "CNY"),
        OrderMonth(dt.date(2026, 2, 1), 1, 99, 0, "USD"),
    ]
    options = months_chart(months)
    assert options["xAxis"]["data"] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [series["data"] for series in options["series"]] == [[123.45, 0.0, 0.0, 5.0], [2, 0, 0, 1]]
    assert months_chart([]) is None
