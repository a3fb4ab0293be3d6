"""What a run found as plain data, and keeping it with the run: in the database what pages show, in files what is
downloaded or published.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings

from guanxi.mine import Mined, write_outputs
from guanxi.progress import Stage
from guanxi.report.document import Section
from guanxi.studies import Result
from guanxi.words import LANGUAGES, Message
from guanxi_crm.insights.models import Run, StudyResult
from guanxi_crm.insights.work import scores
from guanxi_crm.insights.work.document import chapter, fact, table
from guanxi_crm.insights.work.facts import facts_of
from guanxi_crm.insights.work.links import query_for

__all__ = ["Found", "directory_of", "files_write", "found_of", "found_store"]


@dataclass(frozen=True)
class Found:
    """What is kept of a run in the database."""

    run: Mapping[str, Any]
    """Values of `Run`: as_of, snapshot_id, result."""
    studies: tuple[Mapping[str, Any], ...]
    """Values of `StudyResult`, in order."""


def found_of(mined: Mined) -> Found:
    """Everything that pages show of a run, in both languages."""
    as_data = [each.as_data() for each in mined.results]
    grades = {each.study: each.judgement.grade for each in mined.results if each.judgement}
    result = {
        "advice": [_advice(mined, each, number) for each in mined.results for number in range(len(each.advice))],
        "movement": _movement(mined),
        "accounts": {str(each["study"]): each["rows"] for each in as_data},
        "stages": _stages(mined.progress.stages),
        "currency": mined.snapshot.settings.currency,
        "timezone": mined.snapshot.settings.timezone,
        "grades": grades,
        "scored": any("customers" in each.tables for each in mined.results),
    }
    studies = tuple(_study(mined, each, place) for place, each in enumerate(mined.results))
    run = {"as_of": mined.as_of, "snapshot_id": mined.snapshot.data_id, "result": result}
    return Found(run, studies)


def found_store(run: Run, found: Found) -> None:
    """Put it in the place of whatever an earlier attempt has kept; inside the caller's transaction."""
    run.results.all().delete()
    StudyResult.objects.bulk_create(StudyResult(run=run, **values) for values in found.studies)
    for name, value in found.run.items():
        setattr(run, name, value)
    run.save(update_fields=list(found.run))


def directory_of(run_id: uuid.UUID) -> Path:
    """Where the files of a run are."""
    return Path(settings.RUN_DIR) / str(run_id)


def files_write(mined: Mined, run_id: uuid.UUID) -> None:
    """Write the files of a run, per language and those for publication; they appear together or not at all."""
    whole = directory_of(run_id)
    making = whole.with_name(f".{run_id}")
    shutil.rmtree(making, ignore_errors=True)
    for language in LANGUAGES:
        write_outputs(mined, making / language, language=language)
    if (told := scores.scores_of(mined)) is not None:
        pq.write_table(told, making / scores.FILE, compression="zstd")
    shutil.rmtree(whole, ignore_errors=True)
    making.rename(whole)


def _study(mined: Mined, result: Result, place: int) -> dict[str, Any]:
    judgement: dict[str, Any] = {}
    if result.judgement is not None:
        judgement = result.judgement.as_data() | {"explained": _both(result.judgement.explained)}
    return {
        "study": result.study,
        "position": place,
        "grade": result.judgement.grade if result.judgement else "",
        "summary": {language: _summary(mined, result, language) for language in LANGUAGES},
        "document": {
            language: {
                "chapters": [chapter(section, language) for section in result.sections],
                "lists": [table(each, language) for each in result.lists],
            }
            for language in LANGUAGES
        },
        "judgement": judgement,
        "missing": {language: [each.say(language) for each in result.missing] for language in LANGUAGES},
    }


def _summary(mined: Mined, result: Result, language: str) -> dict[str, Any]:
    finding = _finding(result.sections)
    return {
        "finding": finding.say(language) if finding else "",
        "facts": [fact(each, language) for each in facts_of(mined, result)],
    }


def _finding(sections: Any) -> Message | None:
    """The one sentence that says most: of the first figure in which something is to be seen, or the first words."""
    chapters: list[Section] = list(sections)
    seen = (figure.finding for each in chapters for figure in each.figures if figure.finding is not None)
    said = (message for each in chapters for message in each.intro)
    return next(seen, None) or next(said, None)


def _advice(mined: Mined, result: Result, number: int) -> dict[str, Any]:
    advice = result.advice[number]
    return {
        "study": result.study,
        "title": _both(advice.title),
        "text": _both(advice.text),
        "customers": advice.customers,
        "amount": round(advice.amount.minor) if advice.amount is not None else None,
        "query": query_for(advice, mined),
    }


def _stages(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """What each stage took; one that came twice (writing, in each language) together."""
    together: dict[str, dict[str, Any]] = {}
    for stage in stages:
        data = {"code": stage.code, "seconds": round(stage.seconds, 3), "peak_memory_mib": round(stage.peak_memory_mib)}
        known = together.setdefault(stage.code, {**data, "seconds": 0.0})
        known["seconds"] += data["seconds"]
        known["peak_memory_mib"] = max(known["peak_memory_mib"], data["peak_memory_mib"])
    return list(together.values())


def _movement(mined: Mined) -> dict[str, Any] | None:
    """Who is in which segment now, by the segment of the run before."""
    moved = mined.movement
    if moved is None:
        return None
    numbers = count()
    flows = [row for row in moved.table.to_pylist() if row["before"] not in {None, row["after"]} and next(numbers) < 24]
    return {"before_as_of": moved.before_as_of.isoformat(), "moved": moved.moved, "new": moved.new, "flows": flows}


def _both(message: Message) -> dict[str, str]:
    return {language: message.say(language) for language in LANGUAGES}
