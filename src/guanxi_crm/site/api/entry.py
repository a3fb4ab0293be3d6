"""The API's one entry under ``/api/v1/``: who asks, how much, and what he is told when he may not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, get_type_hints

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, Throttled, ValidationError

from guanxi_crm.core.api import ActorThrottle
from guanxi_crm.core.errors import NotFound, Problem, RuleBroken
from guanxi_crm.core.language import language, told
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.api import router as customers
from guanxi_crm.insights.api import router as insights
from guanxi_crm.sales.api import router as sales
from guanxi_crm.users.api import router as users
from guanxi_crm.users.api_auth import TokenAuth

__all__ = ["api"]

api = NinjaAPI(
    title="Guanxi",
    version="1",
    description=(
        "Customers, orders, scores and runs, read-only. Sign in with a token made under Settings → API tokens: "
        "`Authorization: Bearer …`. Fields that the token's user may not see are absent. Lists are paged by `cursor`: "
        "pass `next` of one page to get the page after it."
    ),
    auth=TokenAuth(),
    throttle=[ActorThrottle()],
    docs_url=None,
    urls_namespace="api",
)


def _refuses_unknown(view: Callable[..., Any]) -> Callable[..., Any]:
    """A filter with a slip of the pen is refused, rather than left out: the answer would be everybody.

    By a field that is hidden from who asks there is no filter either, and no order: the answer is the same as to a
    field that there is not, and so tells nothing.
    """
    known: set[str] = set()
    for name, hint in get_type_hints(view).items():
        known |= set(hint.model_fields) if isinstance(hint, type) and issubclass(hint, Schema) else {name}

    @wraps(view)
    def strict(request: HttpRequest, **values: Any) -> Any:
        if unknown := sorted((set(request.GET) - known) | _hidden(request)):
            raise _unknown(unknown)
        if _hidden(request, [request.GET.get("sort", "").removeprefix("-")]):
            raise _bad_value(["sort"])
        return view(request, **values)

    return strict


_KINDS = {"customers": "customer", "orders": "order", "products": "product"}
"""Operation → type of the records that it lists."""
_FIELDS = {"ordered_from": "ordered_at", "ordered_until": "ordered_at"}
"""Parameter → field by which it filters, where that has another name."""


def _hidden(request: HttpRequest, names: Iterable[str] | None = None) -> set[str]:
    """Of these names (by default the parameters that were given) those of fields that are hidden from who asks."""
    kind = _KINDS.get(request.resolver_match.url_name or "")
    if kind is None:
        return set()
    there = record_type(kind).by_name
    return {
        name
        for name in (request.GET if names is None else names)
        if (field := _FIELDS.get(name, name)) in there and not request.auth.may_read(kind, field)
    }


def _unknown(names: Sequence[str]) -> RuleBroken:
    return RuleBroken("crm_site.api_unknown", names=[name[:40] for name in names[:5]])


def _bad_value(names: Sequence[str]) -> RuleBroken:
    return RuleBroken("crm_site.api_bad_value", names=names)


api.add_decorator(_refuses_unknown)
for router in (users, customers, sales, insights):
    api.add_router("/", router)


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    return api.create_response(request, {"code": code, "detail": detail}, status=status)


@api.exception_handler(Problem)
def _on_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return _answer(request, problem.status, problem.code, problem.say(language()))


@api.exception_handler(Http404)
def _on_404(request: HttpRequest, _: Http404) -> HttpResponse:
    return _on_problem(request, NotFound())


@api.exception_handler(AuthenticationError)
def _on_401(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    response = _answer(request, 401, "crm_site.api_sign_in", told("crm_site.api_sign_in"))
    response["WWW-Authenticate"] = 'Bearer realm="Guanxi"'
    return response


@api.exception_handler(Throttled)
def _on_429(request: HttpRequest, _: Throttled) -> HttpResponse:
    return _answer(request, 429, "crm_site.api_too_many", told("crm_site.api_too_many"))


@api.exception_handler(ValidationError)
def _on_400(request: HttpRequest, error: ValidationError) -> HttpResponse:
    hidden = _hidden(request)
    names = sorted({str(each["loc"][-1]) for each in error.errors} - hidden)
    return _on_problem(request, _bad_value(names) if names else _unknown(sorted(hidden)))
