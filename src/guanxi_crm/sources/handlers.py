"""Jobs of `sources`. What they do is in `guanxi_crm.sources.work`, imported when one runs, never by the web server."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.module_loading import import_string

from guanxi_crm.core.jobs import Handler, JobContext, handles

__all__ = ["WORK"]

WORK = {
    "sources.look": "guanxi_crm.sources.work.look.run",
    "sources.try": "guanxi_crm.sources.work.load.run_trial",
    "sources.import": "guanxi_crm.sources.work.load.run",
    "sources.undo": "guanxi_crm.sources.work.take_back.run",
    "sources.sync": "guanxi_crm.sources.work.sync.run",
}
"""Kind of job → the function that does it."""


def _handler(function: str) -> Handler:
    def run(context: JobContext) -> Mapping[str, object]:
        return import_string(function)(context)

    return run


for _kind, _function in WORK.items():
    handles(_kind)(_handler(_function))
