"""An application that kills the process it is in at the moments that stand in a file, each once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string


class DyingConfig(AppConfig):
    """A moment is a stage and what has just happened in it: begun, written (not committed), committed."""

    name = "dying"

    def ready(self) -> None:
        context = import_string("guanxi_crm.core.jobs.context.JobContext")
        context.stage = dying_stage(context.stage)
        context.transaction = dying_transaction(context.transaction)


def dying_stage(stage: Callable[..., None]) -> Callable[..., None]:
    def begun(self: Any, code: str, total: int | None = None) -> None:
        stage(self, code, total)
        die_at(f"{code} begun")

    return begun


def dying_transaction(
    transaction: Callable[..., AbstractContextManager[None]],
) -> Callable[..., AbstractContextManager[None]]:
    @contextmanager
    def written_and_committed(self: Any) -> Iterator[None]:
        with transaction(self):
            yield
            die_at(f"{self._stage} written")
        die_at(f"{self._stage} committed")

    return written_and_committed


def die_at(moment: str) -> None:
    """What stands in the file is to come: whoever dies has taken his moment out before."""
    moments = Path(settings.DATA_DIR) / "moments"
    to_come = moments.read_text(encoding="utf-8").splitlines() if moments.exists() else []
    if moment in to_come:
        to_come.remove(moment)
        moments.write_text("\n".join(to_come), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
