"""Grades side by side: how many of the studies of a run did better than their plain baselines."""

from __future__ import annotations

from collections.abc import Sequence

from guanxi.report.document import Column, DataTable
from guanxi.studies.base import Result
from guanxi.words import Message

__all__ = ["grades_table"]

_LETTERS = ("A", "B", "C", "D")


def grades_table(results: Sequence[Result]) -> DataTable | None:
    """How each study of a run was judged, with the share of each grade in the caption.

    For a chapter of the report that says what the figures are worth.

    Parameters
    ----------
    results : of the studies of one run

    Returns
    -------
    DataTable, a row a study that is judged: question, grade, cut-off, and the judgement in words; None where no study
        is judged
    """
    judged = [(each.study, each.judgement) for each in results if each.judgement is not None]
    if not judged:
        return None
    counts = {letter: sum(judgement.grade == letter for _, judgement in judged) for letter in _LETTERS}
    shares = [
        Message("backtest.grade_share", {"grade": letter, "share": count / len(judged)})
        for letter, count in counts.items()
        if count
    ]
    return DataTable(
        title=Message("backtest.grades"),
        columns=[
            Column("study", Message("backtest.column_study")),
            Column("grade", Message("backtest.column_grade")),
            Column("cutoff", Message("backtest.column_cutoff"), "date"),
            Column("explained", Message("backtest.column_explained")),
        ],
        rows=[
            (Message(f"{study}.question"), judgement.grade, judgement.cutoff, judgement.explained)
            for study, judgement in judged
        ],
        caption=Message("backtest.grades_caption", {"studies": len(judged), "shares": shares}),
    )
