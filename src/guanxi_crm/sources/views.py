"""Pages of `sources`: the list of imports, the upload, one import from the look to the result."""

from __future__ import annotations

import re
import uuid
import zoneinfo

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.language import language, told
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Actor
from guanxi_crm.sources.files import EXTENSIONS, rejects_path
from guanxi_crm.sources.pages import CURRENCIES, result_rows, table_forms, trial_rows
from guanxi_crm.sources.selectors import brought_before, import_get, import_page, is_half_way, stands
from guanxi_crm.sources.services import (
    import_create,
    import_discard,
    import_look_again,
    import_map,
    import_start,
    import_try,
    import_undo,
    lists_sync,
)
from guanxi_crm.sources.upload import ImportUploadHandler

__all__ = [
    "create_view", "discard_view", "list_view", "look_view", "map_view", "rejects_view", "sample_view", "show_view",
    "start_view", "sync_view", "undo_view",
]  # fmt: skip

_FIELD = re.compile(r"(kind)-(\d{1,4})|(role)-(\d{1,4})-(\d{1,5})")
_SAMPLE_ROWS = 12
_BOM = "\ufeff"


@require_GET
@signed_in
def list_view(request: HttpRequest) -> HttpResponse:
    """All imports, and where each stands."""
    request.actor.require("import", "view")
    page = import_page(user=request.actor, cursor=request.GET.get("cursor"))
    rows = [(each, stands(each)) for each in page.records]
    return render(request, "sources/list.html", {
        "page": page, "rows": rows, "is_half_way": is_half_way(), "may_create": request.actor.may("import", "create"),
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
@csrf_exempt
@signed_in
def create_view(request: HttpRequest) -> HttpResponse:
    """The upload. The form's secret is asked for once the handler of files is in place (see `_receive`)."""
    request.actor.require("import", "create")
    if request.method == "GET":
        return _create_page(request)
    handler = ImportUploadHandler(request)
    request.upload_handlers = [handler]
    return _receive(request, handler)


@csrf_protect
def _receive(request: HttpRequest, handler: ImportUploadHandler) -> HttpResponse:
    _ = request.FILES
    try:
        if handler.problem is not None:
            raise handler.problem
        delivered = import_create(user=request.actor, files=handler.uploaded)
    except RuleBroken as problem:
        handler.forget()
        if _is_script(request):
            return JsonResponse({"detail": problem.say(language())}, status=400)
        return _create_page(request, problem, status=400)
    where = reverse("sources:show", args=[delivered.pk])
    return JsonResponse({"url": where}) if _is_script(request) else HttpResponseRedirect(where)


def _create_page(request: HttpRequest, problem: RuleBroken | None = None, status: int = 200) -> HttpResponse:
    context = {"extensions": ",".join((*EXTENSIONS, ".gz", ".zst")), "problem": problem and problem.say(language())}
    return render(request, "sources/create.html", context, status=status)


@require_GET
@signed_in
def show_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """One import: what was found in its files, what would become of the rows, what became of them."""
    return _show(request, import_id)


def _show(
    request: HttpRequest, import_id: uuid.UUID, problem: RuleBroken | None = None, status: int = 200
) -> HttpResponse:
    delivered = import_get(user=request.actor, import_id=import_id)
    where = stands(delivered)
    may_see_rows = request.actor.may_read("import", "rejects")
    context = {
        "delivered": delivered,
        "where": where,
        "job": delivered.job,
        "problem": problem and problem.say(language()),
        "problem_field": problem.field if problem else "",
        "before": brought_before(delivered) if where in {"looking", "ready", "trying"} else {},
        "may_create": request.actor.may("import", "create"),
        "may_undo": request.actor.may("import", "undo"),
        "may_see_rows": may_see_rows,
        "may_map": request.actor.may_write("import", "mapping"),
        "next": _next(request.actor),
    }
    if where in {"ready", "trying", "failed"} and delivered.profile.get("tables"):
        context |= {
            "tables": table_forms(delivered, language(), with_samples=may_see_rows),
            "trial": trial_rows(delivered),
            "currencies": CURRENCIES,
            "zones": sorted(zoneinfo.available_timezones()) if not delivered.profile["is_fixed"] else [],
            "usable": not all(each["missing"] for each in table_forms(delivered, language())),
        }
    if where in {"done", "undone", "undoing", "importing", "stopped"} and delivered.result.get("tables"):
        context |= {
            "result": result_rows(delivered, language()),
            "has_rejects": may_see_rows and rejects_path(delivered, language()).is_file(),
        }
    return render(request, "sources/show.html", context, status=status)


def _next(user: Actor) -> dict[str, bool]:
    """What one may do with data that are in; empty where that is nothing."""
    may = {
        "run": user.may("run", "create"),
        "customers": user.may("customer", "view"),
        "more": user.may("import", "create"),
    }
    return may if any(may.values()) else {}


@require_POST
@signed_in
def map_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Save what the columns mean, then do what the button said: try, import, or nothing more."""
    kinds: dict[int, str] = {}
    roles: dict[tuple[int, int], str] = {}
    for name, value in request.POST.items():
        if found := _FIELD.fullmatch(name):
            kind, table, _, of, column = found.groups()
            if kind:
                kinds[int(table)] = value
            else:
                roles[int(of), int(column)] = value
    try:
        import_map(
            user=request.actor, import_id=import_id, kinds=kinds, roles=roles,
            currency=request.POST.get("currency", ""), zone=request.POST.get("timezone", ""),
        )  # fmt: skip
        if request.POST.get("then") == "try":
            import_try(user=request.actor, import_id=import_id)
        elif request.POST.get("then") == "import":
            import_start(user=request.actor, import_id=import_id)
    except RuleBroken as problem:
        return _show(request, import_id, problem, status=400)
    return redirect("sources:show", import_id)


@require_POST
@signed_in
def start_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Go on with an import that was interrupted."""
    import_start(user=request.actor, import_id=import_id)
    return redirect("sources:show", import_id)


@require_POST
@signed_in
def look_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Look at the files again, after a look was interrupted."""
    import_look_again(user=request.actor, import_id=import_id)
    return redirect("sources:show", import_id)


@require_POST
@signed_in
def undo_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Take an import back."""
    import_undo(user=request.actor, import_id=import_id)
    return redirect("sources:show", import_id)


@require_POST
@signed_in
def discard_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Forget files that were not brought in."""
    import_discard(user=request.actor, import_id=import_id)
    toast(request, "crm_sources.discarded")
    return redirect("sources:list")


@require_POST
@signed_in
def sync_view(request: HttpRequest) -> HttpResponse:
    """Bring the lists up to date after an interruption."""
    lists_sync(user=request.actor)
    toast(request, "crm_sources.sync_queued")
    return redirect("sources:list")


@require_GET
@signed_in
def rejects_view(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """What was set aside, as a table to open, correct and bring in again."""
    delivered = import_get(user=request.actor, import_id=import_id)
    request.actor.require_readable("import", ["rejects"])
    path = rejects_path(delivered, language())
    if not path.is_file():
        raise NotFound
    return FileResponse(path.open("rb"), as_attachment=True, filename="rejects.csv", content_type="text/csv")


@require_GET
@signed_in
def sample_view(request: HttpRequest) -> HttpResponse:
    """A small file of orders, to see what one may look like."""
    request.actor.require("import", "create")
    heading = (
        told(f"crm_sources.sample_{name}") for name in ("order", "time", "customer", "product", "pieces", "price")
    )
    lines = [",".join(heading)]
    for number in range(_SAMPLE_ROWS):
        at = f"2026-01-{number % 9 + 1:02} 1{number % 9}:30"
        who, what, pieces = f"C{number % 4 + 1:03}", f"P{number % 3 + 1:02}", number % 3 + 1
        lines.append(f"A{1000 + number},{at},{who},{what},{pieces},{pieces * 9}.50")
    content = _BOM + "\r\n".join(lines) + "\r\n"
    answer = HttpResponse(content.encode(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="orders-sample.csv"'
    return answer


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
