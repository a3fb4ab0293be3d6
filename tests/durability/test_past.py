"""What would have been said then: an old snapshot and an old date give the same bytes whatever came later."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from guanxi import simulate, studies
from guanxi.intake.load import undo
from guanxi.mine import import_files
from guanxi.studies import STUDIES
from guanxi.warehouse import DuckDB, Warehouse
from guanxi.warehouse.compact import compact

pytestmark = pytest.mark.slow

AS_OF = dt.date(2024, 6, 1)
AT = dt.datetime(2026, 6, 1)


def said(warehouse, snapshot_id, as_of, *, but=()):
    """All tables of all studies, sorted, as the bytes of Arrow's own format."""
    results = studies.run(
        warehouse.snapshot(snapshot_id), names=tuple(STUDIES), as_of=as_of, horizon_days=90, engine=DuckDB(threads=1)
    )
    return {
        (result.study, name): _bytes(table, but)
        for result in results
        for name, table in vars(result).items()
        if isinstance(table, pa.Table)
    } | {
        (result.study, name): _bytes(table, but)
        for result in results
        for name, table in getattr(result, "tables", {}).items()
        if isinstance(table, pa.Table)
    }


def _bytes(table, but):
    table = table.drop_columns([name for name in but if name in table.column_names])
    flat = [name for name in table.column_names if not pa.types.is_nested(table.schema.field(name).type)]
    table = table.sort_by([(name, "ascending") for name in flat]).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A simulated company's orders, one file for each half of its time."""
    folder = tmp_path_factory.mktemp("company")
    company = simulate.company(customers=200, seed=7, days=600, dirt=0.0)
    orders = company.write(folder, format="csv")["orders"]
    header, *rows = orders.read_text(encoding="utf-8").splitlines()
    when = _day_column(header, rows)
    days = sorted(row.split(",")[when][:10] for row in rows)
    middle = days[len(days) // 2]
    early, late = folder / "orders-early.csv", folder / "orders-late.csv"
    for path, chosen in (
        (early, [r for r in rows if r.split(",")[when][:10] < middle]),
        (late, [r for r in rows if r.split(",")[when][:10] >= middle]),
    ):
        path.write_text("\n".join([header, *chosen]), encoding="utf-8")
    return early, late, dt.date.fromisoformat(middle)


def _day_column(header, rows):
    cells = rows[0].split(",")
    return next(place for place, cell in enumerate(cells) if _is_day(cell[:10]))


def _is_day(text):
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def bring_in(folder, *paths):
    for path in paths:
        import_files([path], folder / "warehouse", at=AT, currency="EUR", timezone="UTC")
    return Warehouse.open(folder / "warehouse")


def test_an_old_snapshot_says_the_same_after_later_deliveries_corrections_undoing_and_compacting(files, tmp_path):
    early, late, middle = files
    with bring_in(tmp_path, early) as warehouse:
        then = said(warehouse, 1, middle)
        assert len(then) >= 2
        corrected = tmp_path / "orders-corrected.csv"
        header, *rows = early.read_text(encoding="utf-8").splitlines()
        corrected.write_text("\n".join([header, *rows[:50], *rows[80:120][::-1]]), encoding="utf-8")
        bring_in(tmp_path, late, corrected).close()
        assert said(warehouse, 1, middle) == then
        undo(warehouse, 1, at=AT)
        compact(warehouse, at=AT)
        assert said(warehouse, 1, middle) == then


def test_what_happens_on_or_after_the_date_moves_nothing_before_it(files, tmp_path):
    early, late, middle = files
    with bring_in(tmp_path, early) as warehouse:
        then = said(warehouse, 1, middle, but=["snapshot_id"])
        bring_in(tmp_path, late).close()
        assert warehouse.snapshot().rows("order_lines") > warehouse.snapshot(1).rows("order_lines")
        assert said(warehouse, 2, middle, but=["snapshot_id"]) == then


def test_tidying_up_changes_no_result(files, tmp_path):
    early, late, _ = files
    with bring_in(tmp_path, early, late) as warehouse:
        before = said(warehouse, None, None, but=["snapshot_id"])
        compact(warehouse, at=AT)
        assert said(warehouse, None, None, but=["snapshot_id"]) == before
