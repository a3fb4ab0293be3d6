"""The mine's progress, told to whoever watches the job."""

from __future__ import annotations

from guanxi.progress import Progress, Stage
from guanxi_crm.core.jobs import JobContext

__all__ = ["JobProgress"]


class JobProgress(Progress):
    """Forwards stages to a job; raises out of the mine where somebody has asked to stop.

    The mine keeps nothing of a run that ends by an exception: what it learned is committed last, in one step.
    """

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
