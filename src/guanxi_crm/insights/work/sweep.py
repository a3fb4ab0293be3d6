"""Clearing away what old runs have left: a run every night would fill the disk."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from django.conf import settings

from guanxi_crm.insights.models import Run, StudyResult

__all__ = ["DOCUMENTS_KEPT", "FILES_KEPT", "runs_sweep"]

FILES_KEPT = 10
"""Newest runs whose files stay: some megabytes each, hundreds where there are a million customers."""
DOCUMENTS_KEPT = 60
"""Newest runs whose charts and tables stay, half a megabyte each; of older ones grade, finding and judgement do."""


def runs_sweep(*, files: int = FILES_KEPT, documents: int = DOCUMENTS_KEPT) -> int:
    """Delete files and documents of runs beyond the newest ones; the published run keeps its files.

    Returns how many directories of files went.

    Only inside a run's job, at its end: what an attempt that was killed has half written goes, too.
    """
    ordered = Run.objects.exclude(result={}).order_by("-created_at", "-pk")
    newest = set(ordered.values_list("pk", flat=True)[:files])
    newest |= set(Run.objects.filter(published__is_current=True).values_list("pk", flat=True))
    gone = [path for path in Path(settings.RUN_DIR).iterdir() if _run_of(path) not in newest]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    with_documents = list(ordered.values_list("pk", flat=True)[:documents])
    StudyResult.objects.exclude(run__in=with_documents).exclude(document={}).update(document={})
    return len(gone)


def _run_of(path: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(path.name)
    except ValueError:
        return None
