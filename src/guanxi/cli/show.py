"""What the command line prints: guesses, accounts, results. Words come from `guanxi.words`, layout from rich."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from guanxi.mine import Imported, Intake, Mined
from guanxi.studies import STUDIES, Account
from guanxi.studies.base import KEEP_OUT_RULES
from guanxi.warehouse import Moment, Snapshot
from guanxi.words import say

__all__ = ["Printer"]

_DOUBTFUL = 0.6


class Printer:
    """Prints to one console in one language."""

    def __init__(self, console: Console, language: str) -> None:
        self.console = console
        self.language = language

    def say(self, code: str, **parameters: object) -> None:
        """One sentence."""
        self.console.print(escape(say(code, self.language, **parameters)), soft_wrap=True)

    def line(self, text: str) -> None:
        """A text as it is."""
        self.console.print(escape(text), soft_wrap=True)

    def intake(self, intake: Intake) -> None:
        """How each file was read, and what was assumed."""
        for each in intake.files:
            self.file(each)
        for note in intake.notes:
            self.console.print("• " + escape(note.say(self.language)), soft_wrap=True)

    def file(self, each: Imported) -> None:
        """One file: what it was taken for, its columns with a sample, and the account of its records."""
        kind = f"mapping.kind_{each.mapping.kind}"
        self.console.print()
        self.say("cli.file", file=each.staged.file, kind=kind, records=each.account.records)
        if each.guess is not None:
            self._guess(each)
        for note in [*each.staged.notes, *(each.guess.notes if each.guess else ())]:
            self.console.print("• " + escape(note.say(self.language)), soft_wrap=True)

    def account(self, each: Imported) -> None:
        """What became of a file's records."""
        if each.known is not None:
            self.say("cli.file_known", file=each.staged.file, delivery=each.known.id)
            return
        account = vars(each.account)
        self.say("cli.file_account", file=each.staged.file, **account)
        if each.account.superseded:
            self.say("cli.file_superseded", rows=each.account.superseded)

    def accounts(self, accounts: Iterable[tuple[str, Account]]) -> None:
        """Used, set aside and kept out, per study."""
        table = self._table("cli.column_study", "cli.column_used", "cli.column_set_aside", "cli.column_kept_out")
        for study, account in accounts:
            rules = [
                say("cli.rule_count", self.language, rule=f"studies.rule_{rule}", rows=account.kept_out[rule])
                for rule in KEEP_OUT_RULES
                if rule in account.kept_out
            ]
            table.add_row(study, f"{account.used:,}", f"{account.set_aside:,}", escape("\n".join(rules)))
        self.console.print(table)

    def quality(self, each: Imported) -> None:
        """The five measures of one file, and the findings that matter most."""
        if each.quality is None:
            return
        table = self._table("cli.column_measure", "cli.column_score")
        for measure in each.quality.measures:
            score = "–" if measure.score is None else f"{measure.score:.1%}"
            table.add_row(escape(measure.label.say(self.language)), score)
        overall = "–" if each.quality.overall is None else f"{each.quality.overall:.1%}"
        table.add_row(say("quality.measure_overall", self.language), overall, style="bold")
        self.console.print(table)
        for finding in each.quality.findings[:8]:
            self.console.print("• " + escape(finding.message.say(self.language)), soft_wrap=True)
            self.console.print("  → " + escape(finding.fix.say(self.language)), soft_wrap=True, style="dim")
        for trend in each.trend:
            self.console.print("• " + escape(trend.message.say(self.language)), soft_wrap=True)

    def mined(self, mined: Mined, written: Sequence[Path]) -> None:
        """The outcome in a few lines, and where the files are."""
        self.console.print()
        segments = mined.result("segments")
        if segments is not None:
            self.say(
                "cli.done_customers", customers=segments.tables["customers"].num_rows, as_of=mined.as_of,
                snapshot=mined.snapshot.data_id,
            )  # fmt: skip
            for advice in segments.advice[:1]:
                self.console.print("→ " + escape(advice.text.say(self.language)), soft_wrap=True)
        if mined.movement is not None:
            self.say("mine.finding_flows", moved=mined.movement.moved, new=mined.movement.new)
        for message in [m for result in mined.results for m in result.missing]:
            self.console.print("• " + escape(message.say(self.language)), soft_wrap=True)
        report = [path for path in written if path.name == "report.html"]
        others = [path.name for path in written if path.name != "report.html"]
        for path in report:
            self.say("cli.done_report", path=str(path), directory=str(path.parent), files=others)

    def studies(self) -> None:
        """The catalogue of studies: question, needs, gate."""
        table = self._table("cli.column_study", "cli.column_question", "cli.column_needs", "cli.column_gate")
        for study in STUDIES.values():
            question, gate = (study.say(what, self.language) for what in ("question", "gate"))
            table.add_row(study.name, escape(question), ", ".join(study.needs), escape(gate))
        self.console.print(table)

    def history(self, moments: Sequence[Moment]) -> None:
        """The snapshots of a warehouse."""
        table = self._table("cli.column_snapshot", "cli.column_made", "cli.column_reason", "cli.column_note")
        for moment in moments:
            reason = say(f"cli.reason_{moment.reason}", self.language)
            as_of = moment.note.get("as_of")
            note = say("cli.note_as_of", self.language, as_of=str(as_of)) if as_of else ""
            table.add_row(str(moment.id), f"{moment.created_at:%Y-%m-%d %H:%M} UTC", reason, note)
        self.console.print(table)

    def snapshot(self, snapshot: Snapshot) -> None:
        """One snapshot: its tables and what was delivered."""
        self.say(
            "cli.snapshot", snapshot=snapshot.id, data=snapshot.data_id, currency=snapshot.settings.currency,
            timezone=snapshot.settings.timezone,
        )  # fmt: skip
        table = self._table("cli.column_table", "cli.column_rows", "cli.column_parts", "cli.column_bytes")
        for name, parts in sorted(snapshot.parts.items()):
            size = sum(part.bytes for part in parts)
            table.add_row(name, f"{snapshot.rows(name):,}", str(len(parts)), f"{math.ceil(size / 1024):,} KiB")
        self.console.print(table)
        table = self._table("cli.column_delivery", "cli.column_file", "cli.column_source", "cli.column_records")
        for each in snapshot.deliveries:
            table.add_row(str(each.id), escape(each.file), escape(each.source), f"{each.account.get('records', 0):,}")
        self.console.print(table)

    def _guess(self, each: Imported) -> None:
        assert each.guess is not None
        table = self._table("cli.column_column", "cli.column_meaning", "cli.column_sample", "cli.column_sure")
        for row, column in zip(each.guess.as_table(self.language), each.guess.columns, strict=True):
            examples = " · ".join(str(example)[:24] for example in column.examples[:3])
            sure = f"{column.confidence:.0%}" if column.role else ""
            doubtful = column.role is not None and column.confidence < _DOUBTFUL
            style = "yellow" if doubtful else "" if column.role else "dim"
            table.add_row(escape(column.name), escape(str(row["meaning"])), escape(examples), sure, style=style)
        self.console.print(table)

    def _table(self, *headings: str) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(say(heading, self.language), overflow="fold")
        return table
