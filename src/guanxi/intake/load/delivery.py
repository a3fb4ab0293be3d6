"""Loading one delivered file, whatever its kind, and the account of its records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from guanxi.intake.load.master import load_customers, load_products
from guanxi.intake.load.orders import load_orders
from guanxi.intake.load.rejects import write_unread
from guanxi.intake.load.work import Work
from guanxi.intake.mapping import FileMapping
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from guanxi.warehouse import Delivery, Publication

__all__ = ["Account", "known_delivery", "load"]


@dataclass(frozen=True)
class Account:
    """What became of every record of a delivery; the parts add up to ``records``.

    Examples
    --------
    >>> Account(records=10, loaded=7, set_aside=1, known=2).loaded
    7
    >>> Account(records=10, loaded=7, set_aside=1, known=1)
    Traceback (most recent call last):
    ValueError: 7 loaded + 1 set aside + 1 known are not 10 records
    """

    records: int
    loaded: int
    set_aside: int
    known: int
    """Records that an earlier delivery of the same source had brought already."""
    superseded: int = 0
    """Lines of earlier deliveries that records of this one took the place of; they are kept, but count no more."""

    def __post_init__(self) -> None:
        if self.records != self.loaded + self.set_aside + self.known:
            raise ValueError(
                f"{self.loaded} loaded + {self.set_aside} set aside + {self.known} known are not {self.records} records"
            )


def known_delivery(publication: Publication, staged: Staged) -> Delivery | None:
    """The earlier delivery of exactly these bytes, if there was one."""
    same = (d for d in publication.base.deliveries if d.sha256 == staged.sha256 and d.file == staged.file)
    return next(same, None)


def load(
    publication: Publication,
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    mapping: FileMapping,
    *,
    received_on: dt.date,
    progress: Progress,
) -> tuple[Delivery, Account]:
    """Bring one staged file into the warehouse's next snapshot.

    Parameters
    ----------
    publication : the snapshot in the making
    connection : a private DuckDB database
    staged : the file, as its reader left it
    mapping : which column means what
    received_on : the day of the delivery; what lies after it is not believed
    progress : told of records

    Returns
    -------
    the delivery, and what became of its records

    Raises
    ------
    MappingError : the mapping lacks a role that this kind of file needs.

    Notes
    -----
    O(records): the file is parsed once, the lines are grouped once by order to number them and once to sum them up.
    """
    mapping.require_complete()
    delivery = publication.deliver(
        source=mapping.source,
        kind=mapping.kind,
        file=staged.file,
        sha256=staged.sha256,
        mapping=mapping.model_dump(mode="json", exclude_defaults=True),
    )
    work = Work(publication, connection, staged, mapping, delivery, received_on)
    steps = {"orders": load_orders, "customers": load_customers, "products": load_products}
    done = steps[mapping.kind](work)
    set_aside = done.set_aside + write_unread(work)
    account = Account(staged.rows + len(staged.unread), done.loaded, set_aside, done.known, done.superseded)
    progress.advance(account.records)
    return publication.describe(delivery, account=vars(account), quality={}), account
