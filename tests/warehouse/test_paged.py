"""Tables on the disk are the same tables, however many parts they have."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.warehouse.paged import by_part, let_go, paged, paged_reader, slices

ROWS = 600_000
NAMES = pa.array(np.arange(ROWS)).cast(pa.string())
TABLE = pa.table({"row": np.arange(ROWS), "name": NAMES, "nothing": pa.nulls(ROWS)})
LARGE = pa.concat_tables([TABLE] * 4)


def test_a_large_table_on_the_disk_holds_what_it_held_and_takes_no_memory_of_its_own() -> None:
    before = pa.total_allocated_bytes()
    found = paged(LARGE)
    assert pa.total_allocated_bytes() == before
    assert found.equals(LARGE)


def test_what_was_let_go_is_read_again() -> None:
    found = paged(LARGE)
    assert pc.sum(found["row"]) == pc.sum(LARGE["row"])
    let_go()
    assert found.equals(LARGE)


def test_what_is_made_part_by_part_is_what_is_made_at_once() -> None:
    def even(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.equal(pc.bit_wise_and(rows["row"], 1), 0))

    assert by_part(TABLE, even).equals(even(TABLE))


def test_a_table_of_no_rows_keeps_its_columns() -> None:
    (only,) = slices(TABLE.slice(0, 0))
    assert only.schema == TABLE.schema
    assert by_part(TABLE.slice(0, 0), lambda rows: rows).schema == TABLE.schema


def test_what_is_read_batch_by_batch_is_what_was_given_large_or_small() -> None:
    for table in (LARGE, TABLE.slice(0, 5), TABLE.slice(0, 0)):
        found = paged_reader(table.to_reader(max_chunksize=100_000))
        assert found.equals(table)
        assert found.schema == table.schema


def test_a_large_answer_of_a_reader_takes_no_memory_of_its_own() -> None:
    before = pa.total_allocated_bytes()
    found = paged_reader(LARGE.to_reader(max_chunksize=100_000))
    assert pa.total_allocated_bytes() == before
    assert found.num_rows == LARGE.num_rows
