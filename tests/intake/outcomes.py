"""What comes of every file of the gallery: each staged by a process of its own, within limits, so that a file that
hangs, crashes or devours memory is an outcome like any other.

``PYTHONPATH=tests python -m intake.outcomes`` writes the table of `docs/formats-gallery.md`.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guanxi.errors import GuanxiError
from guanxi.intake.readers import stage
from guanxi.words import codes, say
from intake import gallery

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "formats-gallery.md"
ADDRESS_SPACE_BYTES = 4 << 30
SECONDS = 120
NOBODY = 65534

HEAD = """# Nasty files, and what comes of them

{count} files as people send them, programs break them and enemies make them. Each has one clear outcome: it is read,
with what was set aside and what was decided on the way; or it is refused with a sentence that says what to do. None
hangs, none crashes, none takes more than {peak} MiB of memory beyond what the program itself takes.

The files are made by `tests/intake/gallery.py`. The table is what `PYTHONPATH=tests python -m intake.outcomes` found, and a test
asks that it still does.

| file | what it is | outcome |
| --- | --- | --- |
"""
MOST_MEMORY_MIB = 300
"""Twice what was measured: the largest are packed bombs and a value of a hundred megabytes."""


@dataclass(frozen=True)
class Outcome:
    """What staging one file came to."""

    code: str | None = None
    """Of the error, if it was refused."""
    sentence: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)
    crash: str = ""
    """A traceback or the end of the process: never right."""
    peak_mib: int = 0
    """Beyond what the process had before."""
    left: list[str] = field(default_factory=list)
    """Files that stayed behind and are no staged ones."""


def outcome_of(name: str, folder: Path) -> Outcome:
    """Make a file of the gallery in ``folder`` and stage it in a child of this process."""
    path = gallery.FILES[name](folder)
    into = folder / "staged"
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        try:
            found = _staged_here(path, into)
        except BaseException as error:
            found = {"crash": repr(error)}
        with os.fdopen(sending, "w", encoding="utf-8") as pipe:
            json.dump(found, pipe)
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as pipe:
        told = pipe.read()
    _, status, usage = os.wait4(child, 0)
    found = json.loads(told) if told else {"crash": f"ended with status {status}"}
    before = found.pop("before_mib", 0)
    left = [each.name for each in into.iterdir() if each.suffix not in (".parquet", ".lines")] if into.exists() else []
    return Outcome(**found, peak_mib=usage.ru_maxrss // 1024 - before, left=left)


def _staged_here(path: Path, into: Path) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    signal.alarm(SECONDS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if os.geteuid() == 0 and path.name == "secret.csv":
        # Nothing is forbidden to root.
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        tables = [
            {
                "columns": len(each.columns),
                "rows": each.rows,
                "unread": dict(Counter(record.reason for record in each.unread)),
                "notes": [note.code for note in each.notes],
                "said": [note.say("en") for note in each.notes],
            }
            for each in stage(path, into)
        ]
    except GuanxiError as error:
        return {"code": error.code, "sentence": error.say("en").replace(f"{path.parent}/", ""), "before_mib": before}
    return {"tables": tables, "before_mib": before}


def all_outcomes() -> dict[str, Outcome]:
    """Every file of the gallery, each in a folder of its own."""
    # A child that is nobody may not be permitted to load what Python has not loaded yet.
    codes()
    found = {}
    for name in gallery.FILES:
        with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
            Path(folder).chmod(0o755)
            found[name] = outcome_of(name, Path(folder))
    return found


def in_another_process(path: Path) -> dict[str, Outcome]:
    """All outcomes, found by a fresh process: one that runs tests has threads, which a fork does not survive."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    subprocess.run([sys.executable, "-m", "intake.outcomes", str(path)], env=environment, check=True)
    return {name: Outcome(**found) for name, found in json.loads(path.read_text(encoding="utf-8")).items()}


def page(outcomes: dict[str, Outcome]) -> str:
    """The gallery as a page of the documentation."""
    rows = "".join(
        f"| {name} | {_cell(_described(name))} | {_cell(_told(outcome))} |\n" for name, outcome in outcomes.items()
    )
    return HEAD.format(count=len(outcomes), peak=MOST_MEMORY_MIB) + rows


def _described(name: str) -> str:
    doc = gallery.FILES[name].__doc__
    return " ".join(doc.split()) if doc else name.replace("_", " ").capitalize() + "."


def _told(outcome: Outcome) -> str:
    if outcome.crash:
        return f"**crash**: {outcome.crash}"
    if outcome.code:
        return f"Refused: {outcome.sentence}"
    parts = []
    for table in outcome.tables:
        parts.append(f"Read: {_count(table['rows'], 'row')} of {_count(table['columns'], 'column')}.")
        parts += [f"Set aside: {_count(n, 'record')} ({say(reason, 'en')})." for reason, n in table["unread"].items()]
        parts += table["said"]
    return " ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _cell(text: str) -> str:
    """Text within a table of Markdown, where nothing in it means anything."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    found_now = all_outcomes()
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps({name: vars(found) for name, found in found_now.items()}), "utf-8")
    else:
        PAGE.write_text(page(found_now), encoding="utf-8")
