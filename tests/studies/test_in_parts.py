"""What millions of customers are worked out in parts is what a few are worked out at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from guanxi import mine as job
from guanxi import studies
from guanxi.mine import Mined
from guanxi.warehouse import DuckDB, paged

SOME = 700
"""Customers in a part, of about three thousand."""


@pytest.fixture(scope="module")
def in_parts(company) -> Mined:
    """The run of the company again, its tables in parts and on the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paged, "PART_ROWS", SOME)
        patch.setattr(paged, "PAGED_FROM_BYTES", 1)
        found = studies.run(company.mined.snapshot, engine=DuckDB())
        return replace(company.mined, results=tuple(found))


@pytest.mark.parametrize("name", studies.STUDIES)
def test_a_study_says_the_same(company, in_parts, name):
    whole, parts = company.mined.result(name), in_parts.result(name)
    assert parts.as_data() == whole.as_data()
    assert parts.scores.equals(whole.scores)
    assert {each: table.equals(whole.tables[each]) for each, table in parts.tables.items()} == dict.fromkeys(
        whole.tables, True
    )


def test_tables_have_parts(in_parts):
    customers = in_parts.result("churn").tables["customers"]
    assert customers["customer_id"].num_chunks > 2


def test_the_same_is_written(company, in_parts, tmp_path, monkeypatch):
    job.write_outputs(company.mined, tmp_path / "whole", language="zh")
    monkeypatch.setattr(paged, "PART_ROWS", SOME)
    job.write_outputs(in_parts, tmp_path / "parts", language="zh")
    assert pq.read_table(tmp_path / "parts/customers.parquet").equals(
        pq.read_table(tmp_path / "whole/customers.parquet")
    )
    assert _texts(tmp_path / "parts") == _texts(tmp_path / "whole")


def _texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".csv", ".html", ".yaml")}
