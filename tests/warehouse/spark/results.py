"""A company brought in, and whether two runs of the studies on it say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from guanxi.mine import import_files
from guanxi.studies import Result
from guanxi.warehouse import Snapshot, Warehouse
from warehouse.rows import AT


def imported(paths: list[Path], path: Path) -> Iterator[Snapshot]:
    import_files(paths, path, at=AT)
    with Warehouse.open(path) as warehouse:
        yield warehouse.snapshot()


def same(found: list[Result], right: list[Result]) -> None:
    """Customers, segments, scores, tables and the account of rows; fractions to 1e-9, all else exactly."""
    assert [result.study for result in found] == [result.study for result in right]
    for here, there in zip(found, right, strict=True):
        assert here.account == there.account
        assert (here.as_of, here.snapshot_id, here.parameters) == (there.as_of, there.snapshot_id, there.parameters)
        assert (here.members is None) == (there.members is None)
        if here.members is not None and there.members is not None:
            assert here.members == there.members
        close(here.scores, there.scores)
        assert here.tables.keys() == there.tables.keys()
        for name, table in here.tables.items():
            close(table, there.tables[name])
        assert here.judgement is None or there.judgement is None or here.judgement.grade == there.judgement.grade


def close(found: pa.Table, right: pa.Table) -> None:
    assert found.schema == right.schema
    assert found.num_rows == right.num_rows
    for name in right.column_names:
        if not pa.types.is_floating(right.schema.field(name).type):
            assert plain(found[name]) == plain(right[name]), name
            continue
        for here, there in zip(found[name].to_pylist(), right[name].to_pylist(), strict=True):
            assert here == there or abs(here - there) <= 1e-9 * max(1.0, abs(there)), name


def plain(column: pa.ChunkedArray) -> list:
    """Values with fractions inside lists (reasons) rounded."""
    return [rounded(value) for value in column.to_pylist()]


def rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return value
