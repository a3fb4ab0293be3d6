"""How far long work is, and what each stage of it took.

The library reports, whoever calls it decides what is shown: `Progress` itself is silent and only measures; the command
line shows a bar. Stages do not nest.

Examples
--------
>>> progress = Progress()
>>> with progress.stage("cli.stage_read", total=10):
...     progress.advance(10)
>>> [(stage.code, stage.done) for stage in progress.stages]
[('cli.stage_read', 10)]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["ForwardedProgress", "Progress", "Stage", "peak_memory_mib"]


@dataclass
class Stage:
    """One stage of a job: what it is, how far it is, what it took."""

    code: str
    total: int | None = None
    """Rows or bytes that the stage will handle, where that is known."""
    done: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mib: float = 0.0

    def as_data(self) -> dict[str, object]:
        return {
            "stage": self.code.partition("stage_")[2] or self.code,
            "rows": self.done,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_memory_mib": round(self.peak_memory_mib),
        }


class Progress:
    """Silent progress: measures each stage, shows nothing. Override `started`, `moved`, `finished` to show it."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._current: Stage | None = None

    @contextmanager
    def stage(self, code: str, total: int | None = None) -> Iterator[Stage]:
        """Measure what is done inside; ``code`` names the stage in `guanxi.words`."""
        stage = self._current = Stage(code, total)
        _reset_peak_memory()
        wall, cpu = time.perf_counter(), time.process_time()
        self.started(stage)
        try:
            yield stage
        finally:
            stage.seconds = time.perf_counter() - wall
            stage.cpu_seconds = time.process_time() - cpu
            stage.peak_memory_mib = peak_memory_mib()
            self.stages.append(stage)
            self._current = None
            self.finished(stage)

    def advance(self, amount: int) -> None:
        """Say that ``amount`` more of the current stage is done; without a stage it is nobody's."""
        if self._current is not None:
            self._current.done += amount
            self.moved(self._current)

    def started(self, stage: Stage) -> None:
        """Called when a stage begins."""

    def moved(self, stage: Stage) -> None:
        """Called when a stage has moved on."""

    def finished(self, stage: Stage) -> None:
        """Called when a stage has ended, also by an error."""


class ForwardedProgress(Progress):
    """Tells somebody else, who may raise to end the work: a job that has been cancelled, say.

    Parameters
    ----------
    stage : called with the code of each stage and its total, where that is known
    advance : called with how much more of it is done

    Examples
    --------
    >>> told = []
    >>> progress = ForwardedProgress(lambda code, total: told.append((code, total)), told.append)
    >>> with progress.stage("cli.stage_read", total=10):
    ...     progress.advance(4)
    ...     progress.advance(6)
    >>> told
    [('cli.stage_read', 10), 4, 6]
    """

    def __init__(self, stage: Callable[[str, int | None], object], advance: Callable[[int], object]) -> None:
        super().__init__()
        self._tell_stage = stage
        self._tell_advance = advance
        self._told = 0

    def started(self, stage: Stage) -> None:
        self._told = 0
        self._tell_stage(stage.code, stage.total)

    def moved(self, stage: Stage) -> None:
        self._tell_advance(stage.done - self._told)
        self._told = stage.done


def peak_memory_mib() -> float:
    """Largest resident size of this process since the current stage began (Linux), or since its start, in MiB."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if resource else 0.0


def _reset_peak_memory() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
