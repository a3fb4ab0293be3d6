"""Progress as people see it: the stage, its share, rows a second. Quiet where nobody looks."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from guanxi.progress import Progress, Stage
from guanxi.words import say

__all__ = ["TerminalProgress"]


class TerminalProgress(Progress):
    """A bar per stage on a terminal; one line per finished stage would be noise in a log, so elsewhere nothing.

    Parameters
    ----------
    console : where to draw, standard error
    language : of the stage's name
    """

    def __init__(self, console: Console, language: str) -> None:
        super().__init__()
        self._language = language
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()

    def started(self, stage: Stage) -> None:
        self._task = self._bars.add_task(say(stage.code, self._language), total=stage.total, speed="")

    def moved(self, stage: Stage) -> None:
        if self._task is not None:
            task = self._bars.tasks[-1]
            seconds = task.elapsed or 0.0
            speed = self._speed(stage, seconds) if seconds >= 1 else ""
            self._bars.update(self._task, completed=stage.done, total=stage.total, speed=speed)

    def _speed(self, stage: Stage, seconds: float) -> str:
        if stage.code == "cli.stage_read":
            return say("cli.megabytes_a_second", self._language, megabytes=stage.done / seconds / 1e6)
        return say("cli.rows_a_second", self._language, rows=round(stage.done / seconds))

    def finished(self, stage: Stage) -> None:
        if self._task is not None:
            total = stage.total or max(stage.done, 1)
            self._bars.update(self._task, completed=total, total=total)
            self._task = None
