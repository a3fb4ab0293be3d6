"""Pages of studies and runs: for whom, in both languages, with what."""

from __future__ import annotations

import re

import pytest
from django.http import QueryDict
from django.urls import reverse

from guanxi import words
from guanxi_crm.core.models import Job
from guanxi_crm.customers.models import ScoreVersion
from guanxi_crm.customers.selectors.list_query import list_query
from guanxi_crm.customers.selectors.lists import customer_count
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.studies import HORIZON_DAYS, STUDIES
from guanxi_crm.users.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("mined")]
CODE = re.compile(r"\b(?:" + "|".join(sorted({code.partition(".")[0] for code in words.codes()})) + r")\.[a-z]\w+\b")
FILES = {"report.html", "customers.csv", "rules.csv", "customers.parquet"}


def text_of(response) -> str:
    """What people read of a page: without markup, scripts and addresses."""
    page = response.content.decode()
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", page)


def untold(response) -> list[str]:
    """Codes that stand on a page instead of their sentences; names of files are none."""
    return [code for code in CODE.findall(text_of(response)) if words.has(code)]


def downloaded(response) -> bytes:
    """The whole of a file."""
    assert response.status_code == 200
    # Read to its end it closes itself; closing it here would close the database's connection, too.
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_study_has_its_page(published_run, administrator, client_of, language, django_assert_max_num_queries):
    client = client_of(administrator, language=language)
    for name in STUDIES:
        with django_assert_max_num_queries(20):
            response = client.get(reverse("insights:study", args=[name]))
        assert (name, response.status_code) == (name, 200)
        assert untold(response) == []
        page = response.content.decode()
        assert words.say(f"{name}.question", language) in page
        assert page.count("<h1") == 1
        assert page.count("data-chart") == sum(
            len(chapter["figures"]) for chapter in published_run.results.get(study=name).document[language]["chapters"]
        )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lists_runs_and_schedules_have_their_pages(published_run, administrator, client_of, language):
    client = client_of(administrator, language=language)
    for address in (
        reverse("insights:list"),
        reverse("insights:run", args=[published_run.pk]),
        reverse("insights:schedule"),
    ):
        response = client.get(address)
        assert (address, response.status_code, untold(response)) == (address, 200, [])
        assert re.search(r"[\u4e00-\u9fff]{4}", text_of(response)) or language == "en"


def test_queries_do_not_grow_with_runs(published_run, administrator, client_of, django_assert_max_num_queries):
    Run.objects.bulk_create(
        Run(user=administrator, created_at=published_run.created_at, as_of=published_run.as_of, state="done")
        for _ in range(25)
    )
    client = client_of(administrator)
    with django_assert_max_num_queries(20):
        assert client.get(reverse("insights:list")).status_code == 200


def test_an_empty_house_teaches_what_to_do(place, administrator, client_of):
    client = client_of(administrator)
    page = client.get(reverse("insights:list")).content.decode()
    assert words.say("crm_insights.empty_title", "en") in page
    assert reverse("sources:list") in page
    page = client.get(reverse("insights:study", args=["churn"])).content.decode()
    assert words.say("churn.gate", "en")[:40] in page


def test_judgement_is_shown_with_the_plain_rule_beside_it(published_run, administrator, client_of):
    result = published_run.results.get(study="affinity")
    (comparison,) = result.judgement["comparisons"]
    page = client_of(administrator).get(reverse("insights:study", args=["affinity"])).content.decode()
    assert result.judgement["explained"]["en"][:60] in page
    assert words.say("crm_core.percent1", "en", value=comparison["method"]) in page
    assert words.say("crm_core.percent1", "en", value=comparison["baseline"]) in page
    assert 'class="interval"' in page


def test_tables_can_be_sorted_and_the_web_has_its_slider(published_run, administrator, client_of):
    page = client_of(administrator).get(reverse("insights:study", args=["affinity"])).content.decode()
    chapters = published_run.results.get(study="affinity").document["en"]["chapters"]
    sliders = [figure["slider"] for chapter in chapters for figure in chapter["figures"] if figure["slider"]]
    assert page.count("data-slides") == len(sliders) == 1
    assert f'max="{len(sliders[0]["least"]) - 1}"' in page
    tables = re.findall(r"<table[^>]*data-sortable.*?</table>", page, flags=re.DOTALL)
    assert tables
    assert all("data-sort=" in table for table in tables)


def test_what_is_missing_is_told(published_run, administrator, client_of):
    result = published_run.results.get(study="churn")
    assert result.grade == "D"
    for language in ("en", "zh"):
        page = (
            client_of(administrator, language=language).get(reverse("insights:study", args=["churn"])).content.decode()
        )
        assert result.missing[language][0][:30] in page


def test_advice_leads_to_exactly_the_customers_it_speaks_of(published_run, administrator, admin, client_of):
    client = client_of(administrator)
    page = client.get(reverse("insights:run", args=[published_run.pk])).content.decode()
    led = [each for each in published_run.result["advice"] if each["query"]]
    assert len(led) >= 7
    for each in led:
        address = f"{reverse('customers:list')}?{each['query']}"
        assert address.replace("&", "&amp;") in page
        query = list_query(QueryDict(each["query"]))
        # "The few who bring half" are the first of a list of everybody.
        count = each["customers"] if query.conditions.of else 300
        assert (each["title"]["en"], customer_count(user=admin, query=query)) == (each["title"]["en"], count)


def test_a_run_is_started_by_its_button(imported, administrator, client_of):
    client = client_of(administrator)
    options = {"studies": ["segments", "churn"], "horizon_days": "60", "publish": "on", "as_of": "2025-06-01"}
    response = client.post(reverse("insights:run_create"), options)
    run = Run.objects.get()
    assert (response.status_code, response.url) == (302, reverse("insights:run", args=[run.pk]))
    assert (run.studies, run.horizon_days, str(run.as_of)) == (["segments", "churn"], 60, "2025-06-01")
    assert run.job.parameters == {"run": str(run.pk), "publish": True}
    page = client.get(response.url).content.decode()
    assert f'id="job-{run.job_id}"' in page
    again = client.post(reverse("insights:run_create"), options)
    assert again.status_code == 400
    assert words.say("crm_insights.already_running", "en") in again.content.decode()
    client.post(reverse("insights:run_cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.state_now == "cancelled"


def test_a_run_as_usual_publishes_for_who_may_publish_and_is_refused_to_who_may_not_run(
    imported, user_of, viewer, client_of
):
    runner = Role.objects.create(name="Runner", grants={"run": {"actions": {"view": "all", "create": "all"}}})
    user = user_of()
    user.roles.set([runner])
    as_usual = {"as_usual": "1"}
    assert client_of(viewer).post(reverse("insights:run_create"), as_usual).status_code == 403
    assert not Run.objects.exists()
    assert client_of(user).post(reverse("insights:run_create"), as_usual).status_code == 302
    run = Run.objects.get()
    assert (tuple(run.studies), run.horizon_days, run.as_of) == (STUDIES, HORIZON_DAYS, None)
    assert run.job.parameters["publish"] is False


def test_what_was_filled_in_wrongly_comes_back_with_a_word(imported, administrator, client_of):
    response = client_of(administrator).post(
        reverse("insights:run_create"), {"studies": ["segments"], "horizon_days": "3", "as_of": "soon"}
    )
    page = response.content.decode()
    assert response.status_code == 400
    assert "From 7 to 730 days." in page
    assert words.say("crm_insights.bad_date", "en") in page
    assert 'value="soon"' in page
    assert not Run.objects.exists()


def test_who_may_only_look_is_offered_and_allowed_nothing_more(published_run, viewer, client_of):
    client = client_of(viewer)
    jobs = Job.objects.count()
    page = client.get(reverse("insights:list")).content.decode()
    assert f'action="{reverse("insights:run_create")}"' not in page
    for name in ("run_cancel", "run_publish", "run_take_back"):
        address = reverse(f"insights:{name}", args=[published_run.pk])
        assert address not in client.get(reverse("insights:run", args=[published_run.pk])).content.decode()
        assert client.post(address).status_code == 403
    assert (
        client.post(reverse("insights:run_create"), {"studies": ["segments"], "horizon_days": "60"}).status_code == 403
    )
    assert (Job.objects.count(), Run.objects.count()) == (jobs, 1)
    assert ScoreVersion.objects.get().is_current


def test_who_may_not_see_runs_sees_none(published_run, service, client_of, user_of):
    nobody = user_of()
    client = client_of(nobody)
    for address in (
        reverse("insights:list"),
        reverse("insights:study", args=["churn"]),
        reverse("insights:schedule"),
    ):
        assert client.get(address).status_code == 403
    assert client.get(reverse("insights:run", args=[published_run.pk])).status_code == 404
    assert client.get(reverse("insights:run_file", args=[published_run.pk, "en", "rules.csv"])).status_code == 404


def test_lists_of_customers_are_for_who_sees_everybody(published_run, administrator, user_of, client_of):
    Role.objects.create(
        code="curious", name="Curious", grants={
            "run": {"actions": {"view": "all"}}, "customer": {"actions": {"view": "own", "export": "own"}}
        },
    )  # fmt: skip
    curious = user_of("curious")
    numbers = {
        row[0]
        for each in published_run.results.all()
        for table in each.document["en"]["lists"]
        for row in table["rows"]
    }
    assert len(numbers) > 20
    told = {user.pk: "" for user in (administrator, curious)}
    for user in (administrator, curious):
        client = client_of(user)
        for name in STUDIES:
            told[user.pk] += text_of(client.get(reverse("insights:study", args=[name])))
    shown = {user: {number for number in numbers if re.search(rf"\b{number}\b", page)} for user, page in told.items()}
    assert shown == {administrator.pk: numbers, curious.pk: set()}
    client = client_of(curious)
    for name in ("report.html", "customers.csv", "customers.parquet", "due.csv", "customers_to_reach.csv"):
        assert client.get(reverse("insights:run_file", args=[published_run.pk, "en", name])).status_code == 404
    assert downloaded(client.get(reverse("insights:run_file", args=[published_run.pk, "en", "rules.csv"])))


def test_hidden_results_are_nowhere(published_run, user_of, client_of):
    Role.objects.create(
        code="starter", name="Starter", grants={
            "run": {"actions": {"view": "all", "create": "all"}, "fields": {"results": "hidden"}},
            "customer": {"actions": {"view": "all", "export": "all"}},
        },
    )  # fmt: skip
    client = client_of(user_of("starter"))
    finding = published_run.results.get(study="segments").summary["en"]["finding"]
    for address in (reverse("insights:list"), reverse("insights:run", args=[published_run.pk])):
        response = client.get(address)
        assert response.status_code == 200
        assert finding[:20] not in text_of(response)
        assert "win back" not in text_of(response).lower()
    assert client.get(reverse("insights:study", args=["segments"])).status_code == 403
    assert client.get(reverse("insights:run_file", args=[published_run.pk, "en", "rules.csv"])).status_code == 404


def test_files_are_downloaded_and_the_report_is_read_in_a_sandbox(published_run, administrator, client_of):
    client = client_of(administrator)
    for name in FILES:
        response = client.get(reverse("insights:run_file", args=[published_run.pk, "zh", name]) + "?download=1")
        assert response["Content-Disposition"].startswith("attachment")
        assert downloaded(response)
    report = client.get(reverse("insights:run_file", args=[published_run.pk, "zh", "report.html"]))
    assert b"<html" in downloaded(report)
    assert report["Content-Disposition"].startswith("inline")
    policy = report["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("name", ["result.json", "scores.parquet", "..%2Fscores.parquet", "rejects.csv", "models"])
def test_other_files_are_nobodys(published_run, administrator, client_of, name):
    client = client_of(administrator)
    assert client.get(f"/studies/runs/{published_run.pk}/files/en/{name}").status_code == 404
    assert client.get(f"/studies/runs/{published_run.pk}/files/fr/rules.csv").status_code == 404


def test_publishing_and_taking_back_by_their_buttons(published_run, administrator, client_of):
    client = client_of(administrator)
    page = client.get(reverse("insights:run", args=[published_run.pk])).content.decode()
    assert reverse("insights:run_take_back", args=[published_run.pk]) in page
    assert "data-confirm=" in page
    client.post(reverse("insights:run_take_back", args=[published_run.pk]))
    assert not ScoreVersion.objects.filter(is_current=True).exists()
    page = client.get(reverse("insights:run", args=[published_run.pk])).content.decode()
    assert reverse("insights:run_publish", args=[published_run.pk]) in page
    response = client.post(reverse("insights:run_publish", args=[published_run.pk]))
    assert (response.status_code, Job.objects.filter(kind="insights.publish", state="queued").count()) == (302, 1)


def test_an_address_that_means_nothing_is_not_found(published_run, administrator, client_of):
    client = client_of(administrator)
    for address in ("/studies/horoscope/", "/studies/churn/?run=x", f"/studies/churn/?run={Run().pk}"):
        assert client.get(address).status_code == 404
