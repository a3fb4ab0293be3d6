"""Taking a person out of the warehouse, of all its snapshots, without changing what is counted and added up.

In each row about the person the customer number is replaced by a random one that says nothing, the same in all rows;
all other columns that are personal (see `guanxi.schema`) are emptied, or replaced where they may not be empty.
Quantities, amounts and times stay, so that sums and numbers of customers are what they were. Records that were set
aside and speak of the person lose their text. The old files are deleted; what lies in backups, in files that a run
wrote elsewhere, or in unused blocks of the disk is the owner's to delete.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from guanxi.errors import WarehouseError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Warehouse
from guanxi.warehouse.duckdb import connect, literal, parquet
from guanxi.warehouse.publish import keep_part, writing
from guanxi.warehouse.records import Part, Redaction
from guanxi.warehouse.tables import redactions_table

__all__ = ["redact"]

_MEMORY_LIMIT_MIB = 1200


def redact(
    warehouse: Warehouse,
    customer_ids: Collection[str],
    *,
    at: dt.datetime,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
) -> Redaction:
    """Take persons out of all parts of all snapshots.

    Snapshots keep their numbers and say that they were redacted (`Snapshot.redactions`). When, and how many rows of
    each table, is kept; not who. There is no way back. A later delivery that speaks of the person brings the person
    back.

    Parameters
    ----------
    warehouse : Warehouse
    customer_ids : as in the column ``customer_id``
    at : now, UTC without zone
    memory_limit_mib : what the embedded database may use before it spills

    Returns
    -------
    Redaction : how many rows of each table were about them

    Raises
    ------
    WarehouseError : one of them is in no snapshot; nothing was changed.
    WarehouseBusy : somebody else is writing.

    Notes
    -----
    A scan of all parts of all snapshots; those with such rows are written again. All is committed at once: after a kill
    before that, nothing has changed; after it, the next writer deletes the old files.
    """
    with (
        writing(warehouse),
        TemporaryDirectory(dir=warehouse.scratch_path) as name,
        connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=Path(name)) as connection,
    ):
        parts = warehouse.parts()
        persons = _Persons(connection, parts, customer_ids)
        replaced: list[Part] = []
        added: list[Part] = []
        rows: dict[str, int] = {}
        for part in parts:
            found = persons.rows_in(part)
            if found:
                path = Path(name) / "redacted.parquet"
                persons.write(part, path)
                added.append(
                    keep_part(
                        warehouse, part.table, path, added_in=part.added_in, number=part.id, removed_in=part.removed_in
                    )
                )
                replaced.append(part)
                rows[part.table] = rows.get(part.table, 0) + found
        redaction = Redaction(at, rows)
        with warehouse.catalogue.begin() as transaction:
            warehouse.doom_parts(transaction, replaced)
            warehouse.insert_parts(transaction, added)
            transaction.execute(
                sa.insert(redactions_table).values(at=at, up_to_snapshot=warehouse.latest_id(), rows=rows)
            )
        warehouse.delete_doomed()
    with warehouse.catalogue.connect().execution_options(isolation_level="AUTOCOMMIT") as cleaning:
        cleaning.execute(sa.text("VACUUM"))
    return redaction


class _Persons:
    """Who is taken out: their numbers, what they are called from now on, and all words that name them."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, parts: Collection[Part], customer_ids: Collection[str]
    ) -> None:
        self.connection = connection
        ids = sorted(set(customer_ids))
        names = pa.table({"customer_id": ids, "alias": [f"redacted-{secrets.token_hex(12)}" for _ in ids]})
        connection.register("given_persons", names)
        connection.execute("CREATE TEMP TABLE persons AS FROM given_persons")
        self._require_known(parts, ids)
        self._find_accounts(parts)
        self._find_words(parts)

    def rows_in(self, part: Part) -> int:
        """How many rows of a part are about them."""
        return self._one(f"SELECT count(*) FROM {parquet([part.path])} AS line WHERE {self._about(part)}")

    def write(self, part: Part, path: Path) -> None:
        """The part without them."""
        fields = ", ".join(
            f'CASE WHEN "about them" THEN {changed} ELSE line."{name}" END AS "{name}"' if changed else f'line."{name}"'
            for name, changed in ((name, self._changed(part.table, name)) for name in _columns(part))
        )
        marked = f'SELECT *, {self._about(part)} AS "about them" FROM {parquet([part.path])} AS line'
        self.connection.execute(
            f"""COPY (SELECT {fields} FROM ({marked}) AS line)
            TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""
        )

    def _about(self, part: Part) -> str:
        columns = _columns(part)
        if part.table == "rejects":
            return self._about_reject()
        tests = [
            f'line."{name}" IN (SELECT {name} FROM {table})'
            for name, table in (("customer_id", "persons"), ("account_id", "accounts_of_persons"))
            if name in columns
        ]
        tests += [
            f'line."{name}" IN (SELECT order_id FROM days_of_persons)'
            for name in ("order_id", "cancels_order_id")
            if name in columns
        ]
        return f"({' OR '.join(tests)})" if tests else "false"

    def _about_reject(self) -> str:
        """Whether a field of the record is one of their words; of a text that is no record, whether one is in it."""
        words = "(SELECT word FROM words_of_persons)"
        fields = "json_extract_string(CASE WHEN json_valid(line.record) THEN line.record END, '$.*')"
        written = f"list_transform({fields}, lambda field: lower(trim(field)))"
        of_record = f"list_has_any({written}, (SELECT list(word) FROM words_of_persons))"
        in_text = """(NOT COALESCE(json_valid(line.record), false) AND EXISTS (
            SELECT 1 FROM words_of_persons WHERE contains(lower(line.record), word)))"""
        return f"COALESCE({of_record} OR lower(trim(line.value)) IN {words} OR {in_text}, false)"

    def _changed(self, table: str, name: str) -> str | None:
        """What stands in a column of a row about them from now on; None where it stays."""
        column = TABLES[table].column(name)
        if name in ("order_id", "cancels_order_id"):
            renamed = f'(SELECT any_value(alias) FROM days_of_persons WHERE days_of_persons.order_id = line."{name}")'
            return f'COALESCE({renamed}, line."{name}")'
        if not column.personal:
            return None
        if name == "customer_id":
            return (
                "COALESCE((SELECT alias FROM persons WHERE persons.customer_id = line.customer_id), line.customer_id)"
            )
        if name == "account_id":
            return """COALESCE((SELECT any_value(alias) FROM accounts_of_persons
                WHERE accounts_of_persons.account_id = line.account_id), line.account_id)"""
        if name in TABLES[table].key:
            return "'redacted-' || replace(CAST(uuid() AS VARCHAR), '-', '')"
        return "''" if column.required else "NULL"

    def _require_known(self, parts: Collection[Part], ids: list[str]) -> None:
        files = [part.path for part in parts if part.table in {"customers", "order_lines", "scores"}]
        unknown = list(ids)
        for file in files:
            there = self.connection.execute(
                f"SELECT DISTINCT customer_id FROM {parquet([file])} SEMI JOIN persons USING (customer_id)"
            ).fetchall()
            unknown = [each for each in unknown if (each,) not in there]
        if unknown or not ids:
            raise WarehouseError("warehouse.no_such_customer", customers=unknown)

    def _find_accounts(self, parts: Collection[Part]) -> None:
        """Their accounts, and the orders whose number is made of theirs and a day, with what they are called now."""
        self._collect(
            "accounts_of_persons",
            "account_id",
            {"holdings": "SELECT account_id FROM {} SEMI JOIN persons USING (customer_id)"},
            parts,
        )
        self.connection.execute("CREATE TEMP TABLE days_of_persons (order_id VARCHAR, alias VARCHAR)")
        for part in parts:
            for name in sorted({"order_id", "cancels_order_id"} & set(_columns(part))):
                day = f'substr("{name}", length(persons.customer_id) + 1)'
                self.connection.execute(
                    f"""INSERT INTO days_of_persons
                    SELECT DISTINCT "{name}", alias || {day} FROM {parquet([part.path])} AS line
                    JOIN persons ON starts_with("{name}", persons.customer_id)
                        AND regexp_full_match({day}, ' @ \\d{{4}}-\\d\\d-\\d\\d')"""
                )

    def _find_words(self, parts: Collection[Part]) -> None:
        """What names them in records that were set aside: numbers, names, contact points."""
        self.connection.execute("CREATE TEMP TABLE words_of_persons (word VARCHAR)")
        words = {"customers": "name", "customers_said": "name", "identifiers": "value", "identifiers_said": "value"}
        queries = ["SELECT customer_id AS word FROM persons", *(
            f'SELECT "{words[part.table]}" FROM {parquet([part.path])} SEMI JOIN persons USING (customer_id)'
            for part in parts if part.table in words
        )]  # fmt: skip
        for query in queries:
            self.connection.execute(
                f"""INSERT INTO words_of_persons
                SELECT DISTINCT lower(trim(COLUMNS(*))) FROM ({query}) WHERE COLUMNS(*) IS NOT NULL"""
            )

    def _collect(self, table: str, name: str, queries: Mapping[str, str], parts: Collection[Part]) -> None:
        self.connection.execute(f"CREATE TEMP TABLE {table} ({name} VARCHAR, alias VARCHAR)")
        found = {
            value
            for part in parts if part.table in queries
            for (value,) in self.connection.execute(queries[part.table].format(parquet([part.path]))).fetchall()
        }  # fmt: skip
        aliases = [(value, f"redacted-{secrets.token_hex(12)}") for value in sorted(found)]
        if aliases:
            self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", aliases)

    def _one(self, query: str) -> int:
        [(value,)] = self.connection.execute(query).fetchall()
        return int(value)


def _columns(part: Part) -> list[str]:
    return list(pq.read_schema(part.path).names)
