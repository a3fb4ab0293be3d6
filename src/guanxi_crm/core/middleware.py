"""Between every page and the reader: refusals become pages that say what to do, the company's clock is set."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from http import HTTPStatus

from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from guanxi_crm.core.company import company
from guanxi_crm.core.errors import NotFound, Problem
from guanxi_crm.core.language import language

__all__ = ["ProblemMiddleware", "ToastMiddleware", "csrf_failure", "problem_response"]


class ProblemMiddleware:
    """Activates the company's time zone; turns a `Problem` that no view has caught into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zoneinfo.ZoneInfo(company().timezone)):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Http404):
            error = NotFound()
        if isinstance(error, PermissionDenied):
            return None
        return problem_response(request, error) if isinstance(error, Problem) else None


class ToastMiddleware:
    """What a view has said in passing (`guanxi_crm.core.pages.toast`) goes along with a part of a page, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_part = request.htmx and response.status_code == HTTPStatus.OK and not _leads_elsewhere(response)
        if is_part and response.get("Content-Type", "").startswith("text/html") and len(get_messages(request)):
            response.content += render_to_string("core/toasts.html", {"oob": True}, request).encode()
        return response


def _leads_elsewhere(response: HttpResponse) -> bool:
    return any(name in response for name in ("HX-Redirect", "HX-Refresh", "HX-Location"))


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A page with the sentence, or JSON for a script that asked for it."""
    sentence = problem.say(language())
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"code": problem.code, "detail": sentence}, status=problem.status)
    frame = "core/problem_part.html" if getattr(request, "htmx", False) else "core/problem.html"
    told = {"sentence": sentence, "status": problem.status, "title_code": f"crm_core.problem_{problem.status}"}
    return render(request, frame, told, status=problem.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that was open for too long, or came from elsewhere."""
    return problem_response(request, _Stale("crm_core.stale_form"))


class _Stale(Problem):
    status = 403
