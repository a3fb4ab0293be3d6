"""The mine's progress, told to the job."""

from __future__ import annotations

from guanxi.progress import Progress, Stage
from guanxi_crm.core.jobs import JobContext

__all__ = ["JobProgress"]


class JobProgress(Progress):
    """Says each stage to the job; where somebody has cancelled it, the work ends there."""

    def __init__(self, context: JobContext) -> None:
        super().__init__()
        self._context = context
        self._told = 0

    def started(self, stage: Stage) -> None:
        self._told = 0
        self._context.stage(stage.code, stage.total)

    def moved(self, stage: Stage) -> None:
        self._context.advance(stage.done - self._told)
        self._told = stage.done
