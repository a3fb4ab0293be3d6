"""From an advice to the customers whom it is about: the address of a filtered list of customers."""

from __future__ import annotations

import datetime as dt

from guanxi.mine import Mined
from guanxi.report.document import Advice
from guanxi_crm.customers.selectors.conditions import AllOf, Condition
from guanxi_crm.customers.selectors.list_query import ListQuery

__all__ = ["query_for"]


def _among(field: str, *values: str, sort: str = "-amount") -> ListQuery:
    return ListQuery(AllOf((Condition(field, "is", values),)), sort=sort)


_LISTS = {
    "churn.do_high": _among("churn_band", "high"),
    "churn.do_medium": _among("churn_band", "medium"),
    "segments.do_win_back": _among("segment", "at_risk", "cannot_lose"),
    "segments.do_thank": _among("segment", "champions"),
    "segments.do_second_order": _among("segment", "new", "promising", sort="-last_order_at"),
    "segments.do_build": _among("segment", "potential_loyal"),
    "segments.do_wake": _among("segment", "about_to_sleep", "need_attention"),
    "value.do_keep": ListQuery(sort="-expected_amount"),
}


def query_for(advice: Advice, mined: Mined) -> str:
    """The parameters of the list's address; empty where the advice is not about customers.

    Notes
    -----
    Each list holds whom the study counted, as the scores of that run have them; a test counts both.
    """
    code = advice.title.code
    if code == "value.do_meet":
        last = mined.as_of + dt.timedelta(days=int(str(advice.text.parameters["days"])) - 1)
        due = Condition("next_order_on", "at_most", (last.isoformat(),))
        return ListQuery(AllOf((due,)), sort="-expected_amount").address()
    return _LISTS[code].address() if code in _LISTS else ""
