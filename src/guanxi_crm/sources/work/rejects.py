"""What was set aside of an import, as a table that people open."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mine.sheets import write_csv
from guanxi.warehouse import DuckDB, Snapshot, load_query
from guanxi.words import LANGUAGES, say
from guanxi_crm.sources.files import rejects_path
from guanxi_crm.sources.models import Import

__all__ = ["write_rejects"]

_COLUMNS = ("file", "line", "column", "value", "reason", "record")
_MEMORY_LIMIT_MIB = 800


def write_rejects(delivered: Import, snapshot: Snapshot, deliveries: Sequence[int]) -> int:
    """Write every record of these deliveries that was set aside, per language; returns how many. None: no file.

    UTF-8 with a byte order mark, headings and reasons in words, and nothing in it that a spreadsheet would run.
    """
    if not deliveries:
        return 0
    with DuckDB(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=2).bind(snapshot) as session:
        found = session.run(load_query("guanxi.mine", "rejects"))
    found = found.filter(pc.is_in(found["delivery_id"], pa.array(deliveries, pa.int64())))
    for language in LANGUAGES if found.num_rows else ():
        codes = found["reason"].combine_chunks().dictionary_encode()
        words = pa.array([say(code, language) for code in codes.dictionary.to_pylist()], pa.string())
        reasons = pa.DictionaryArray.from_arrays(codes.indices, words).cast(pa.string())
        told = found.set_column(found.column_names.index("reason"), "reason", reasons).select(_COLUMNS)
        path = rejects_path(delivered, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".part")
        write_csv(told.rename_columns([say(f"crm_sources.rejects_{name}", language) for name in _COLUMNS]), whole)
        whole.replace(path)
    return found.num_rows
