"""Addresses of `core`: undo, the progress of a job, and what stands where a page cannot."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.jobs import job_cancel
from guanxi_crm.core.language import language
from guanxi_crm.core.middleware import problem_response
from guanxi_crm.core.models import Job
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import undo

__all__ = [
    "bad_request", "forbidden", "job_cancel_view", "job_view", "not_found", "server_error", "undo_view", "went_back",
]  # fmt: skip


@require_POST
@signed_in
def undo_view(request: HttpRequest, undo_id: uuid.UUID) -> HttpResponse:
    """Take an action back, and return to where it was done."""
    records = undo(user=request.actor, undo_id=undo_id)
    toast(request, "crm_core.undone", records=records)
    return went_back(request)


@require_GET
@signed_in
def job_view(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """How far a job is: a part of a page, asked for every second until the job is over.

    The answer that finds it over carries the event ``job-over``, on which a page may load the rest anew
    (``hx-trigger="job-over from:body"``).
    """
    return _job_part(request, _job_of(request.actor, job_id))


@require_POST
@signed_in
def job_cancel_view(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Stop a job: who has started it, or an administrator."""
    job = _job_of(request.actor, job_id)
    job_cancel(job=job)
    if not request.htmx:
        return went_back(request)
    job.refresh_from_db()
    return _job_part(request, job)


def went_back(request: HttpRequest, fallback: str = "/") -> HttpResponse:
    """To the page from which a form was sent, where that is one of ours."""
    back = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else fallback)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """No such address."""
    return problem_response(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Refused by Django itself or by allauth."""
    return problem_response(request, NotAllowed())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Refused before anything was read: also of a host that is not ours, hence without the frame."""
    return _bare(400, "crm_core.bad_request")


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Our mistake. Asks neither the database nor the session, which may be what has failed."""
    return _bare(500, "crm_core.broken")


def _bare(status: int, code: str) -> HttpResponse:
    words = {"status": status, "title_code": f"crm_core.problem_{status}", "code": code}
    html_lang = "zh-CN" if language() == "zh" else "en"
    return HttpResponse(render_to_string("core/bare.html", {**words, "html_lang": html_lang}), status=status)


def _job_part(request: HttpRequest, job: Job) -> HttpResponse:
    response = render(request, "core/job.html", {"job": job})
    if job.is_over:
        response["HX-Trigger"] = "job-over"
    return response


def _job_of(user: Actor, job_id: uuid.UUID) -> Job:
    jobs = Job.objects.all() if user.everything else Job.objects.filter(user_id=user.user_id)
    job = jobs.filter(pk=job_id).first()
    if job is None:
        raise NotFound
    return job
