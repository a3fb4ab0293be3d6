"""A warehouse as imports fill it: persons, orders, corrections, returns, records set aside, a kept run."""

from __future__ import annotations

import datetime as dt
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxi.mine import import_files, mine
from guanxi.warehouse import Snapshot, Warehouse

ORDERS = "order,customer,customer name,sku,name,date,qty,price\n"
FIRST = """1001,c-ada,Ada Lovelace,A1,Cup,2024-03-05 10:00,2,3.50
1001,c-ada,Ada Lovelace,B2,Bowl,2024-03-05 10:00,1,9.00
1002,c-bo,Bo Li,A1,Cup,2024-03-06 11:30,1,3.50
1003,c-ada,Ada Lovelace,A1,Cup,never,1,3.50
"""
SECOND = """1002,c-bo,Bo Li,A1,Cup,2024-03-06 11:30,2,3.50
1004,c-zhang,张三,D4,茶壶,2024-04-01 09:15,1,45.00
1005,c-ada,Ada Lovelace,A1,Cup,2024-04-02 16:00,-2,3.50
"""
THIRD = """1001,c-ada,Ada Lovelace,A1,Cup,2024-03-05 10:00,2,3.50
1006,c-eve,Eve,D4,茶壶,2024-05-01 09:15,2,45.00
1007,c-bo,Bo Li,B2,Bowl,2024-01-02 12:00,3,9.00
"""
MEMBERS = "customer id,name,phone,city\nc-ada,Ada King,555-0107,London\nc-kim,Kim,555-0110,Paris\n"
FILES = {
    "orders-1.csv": ORDERS + FIRST,
    "members.csv": MEMBERS,
    "orders-2.csv": ORDERS + SECOND,
    "orders-3.csv": ORDERS + THIRD,
}


def day(number: int) -> dt.datetime:
    """The day on which the file of that number came."""
    return dt.datetime(2024, 6, number, 12)


def bring_in(folder: Path, warehouse: Path, *names: str) -> Snapshot:
    """Import some of `FILES`, each on the day of its number."""
    for name in names:
        (folder / name).write_text(FILES[name], encoding="utf-8")
        at = day(1 + list(FILES).index(name))
        found = import_files([folder / name], warehouse, at=at, currency="EUR", timezone="UTC").snapshot
    return found


def learn(warehouse: Path, at: dt.datetime) -> None:
    """Keep what a study finds."""
    mine([], at=at, warehouse_path=warehouse, names=["segments"])


@contextmanager
def version_1(folder: Path) -> Iterator[Warehouse]:
    """The warehouse that Guanxi made when its schema had version 1; see ``fixtures/make_v1.py``."""
    with tarfile.open(Path(__file__).parent / "fixtures" / "v1.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    with Warehouse.open(folder / "v1") as opened:
        yield opened
