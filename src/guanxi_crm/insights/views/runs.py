"""One run: starting it, watching it, what it found, its files, publishing it and taking it back."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.insights.downloads import download_find, downloads_of
from guanxi_crm.insights.forms import RunForm
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.selectors import run_get
from guanxi_crm.insights.selectors.headlines import advised, movement
from guanxi_crm.insights.selectors.runs import run_results, steps_of
from guanxi_crm.insights.services import run_cancel, run_create, run_publish, run_take_back
from guanxi_crm.insights.views.studies import studies_context

__all__ = ["run_file", "run_make_current", "run_page", "run_start", "run_stop", "run_withdraw"]

_REPORT = "report.html"
_REPORT_POLICY = (
    "sandbox allow-scripts allow-modals; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Of the printed report, which holds its styles, scripts and numbers within itself. Our own policy forbids inline
scripts and would leave it blank; so it gets one of its own. ``sandbox`` without ``allow-same-origin`` makes it a
document of no origin: were a script to slip into it by the name of a product, it could read no cookie and ask this
server nothing. Beside this one holds the policy that the report itself carries, which allows only its own scripts, by
hash."""


@require_POST
@signed_in
def run_start(request: HttpRequest) -> HttpResponse:
    """Start a run, and watch it; what was filled in wrongly comes back with a word beside it.

    With ``as_usual`` nothing was filled in: all studies, as the form stands when nobody has touched it.
    """
    request.actor.require("run", "create")
    may_publish = request.actor.may("run", "publish")
    form = (
        RunForm.as_usual(may_publish=may_publish)
        if "as_usual" in request.POST
        else RunForm(request.POST, may_publish=may_publish)
    )
    if form.is_valid():
        try:
            run = run_create(user=request.actor, **form.options())
        except RuleBroken as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))
        else:
            return HttpResponseRedirect(reverse("insights:run", args=[run.pk]))
    return render(request, "insights/list.html", studies_context(request, form), status=400)


@require_safe
@signed_in
def run_page(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """How far it is; when it is done, what it found."""
    user, here = request.actor, language()
    run = run_get(user=user, run_id=run_id)
    sees_results = user.may_read("run", "results")
    context = {
        "run": run,
        "result": run.result if sees_results else {},
        "studies": [
            {
                "result": each, "summary": each.summary.get(here, {}),
                "account": run.result.get("accounts", {}).get(each.study, {}),
            }
            for each in (run_results(user=user, run=run) if sees_results else ())
        ],
        "advice": advised(run) if sees_results else [],
        "movement": movement(run) if sees_results else None,
        "files": downloads_of(user=user, run=run, language=here) if sees_results else [],
        "report": _REPORT,
        "is_current": run.published is not None and run.published.is_current,
        "steps": steps_of(run) if run.is_under_way else [],
        "may_publish": user.may("run", "publish") and bool(run.result.get("scored")),
    }  # fmt: skip
    return render(request, "insights/run.html", context)


@require_POST
@signed_in
def run_stop(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Cancel it."""
    return _back(run_cancel(user=request.actor, run_id=run_id))


@require_POST
@signed_in
def run_make_current(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Publish what it found."""
    return _back(run_publish(user=request.actor, run_id=run_id))


@require_POST
@signed_in
def run_withdraw(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Take its scores back."""
    current = run_take_back(user=request.actor, run_id=run_id)
    if current is None:
        toast(request, "crm_insights.taken_back_nothing")
    else:
        toast(request, "crm_insights.taken_back", as_of=current.as_of)
    return HttpResponseRedirect(reverse("insights:run", args=[run_id]))


@require_safe
@signed_in
def run_file(request: HttpRequest, run_id: uuid.UUID, language: str, name: str) -> HttpResponse | FileResponse:
    """A file of it: the report to be read, in a sandbox; everything else as a download."""
    run = run_get(user=request.actor, run_id=run_id)
    download, path = download_find(user=request.actor, run=run, language=language, name=name)
    is_read = name == _REPORT and "download" not in request.GET
    shown = f"{path.stem}-{run.as_of}-{language}{path.suffix}"
    response = FileResponse(path.open("rb"), as_attachment=not is_read, filename=shown)
    if download.name == _REPORT:
        response["Content-Security-Policy"] = _REPORT_POLICY
    return response


def _back(run: Run) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("insights:run", args=[run.pk]))
