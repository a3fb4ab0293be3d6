"""Items and the groups they belong to: generalised itemsets, without what the groups tell already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.mining.association.itemsets import Itemsets

__all__ = ["Taxonomy", "more_than_expected"]


@dataclass(frozen=True)
class Taxonomy:
    """Which group each item belongs to, over any number of levels.

    Attributes
    ----------
    ancestors : per item its groups, the groups of those, and so on, the nearest first
    parents : per item the groups right above it
    """

    ancestors: Mapping[object, tuple[object, ...]]
    parents: Mapping[object, tuple[object, ...]]

    @classmethod
    def of(cls, table: pa.Table) -> Taxonomy:
        """Read a table of items and their groups.

        Parameters
        ----------
        table : table, one row per item and group right above it; an item may have several
            item, parent : of one type; a parent may stand as an item too

        Raises
        ------
        SchemaError : a column is missing.
        DataError : a value is null, or an item is above itself; names it.
        """
        for name in ("item", "parent"):
            if name not in table.column_names:
                raise SchemaError("errors.no_such_column", table="taxonomy", column=name, columns=table.column_names)
            if empty := table[name].null_count:
                raise DataError("errors.empty_values", table="taxonomy", column=name, rows=empty)
        parents: dict[object, tuple[object, ...]] = {}
        for item, parent in zip(table["item"].to_pylist(), table["parent"].to_pylist(), strict=True):
            parents[item] = (*parents.get(item, ()), parent)
        ancestors: dict[object, tuple[object, ...]] = {}
        for item, right_above in parents.items():
            found: dict[object, None] = {}
            waiting = list(right_above)
            while waiting:
                above = waiting.pop(0)
                if above == item:
                    raise DataError("association.circle", item=str(item))
                if above not in found:
                    found[above] = None
                    waiting.extend(parents.get(above, ()))
            ancestors[item] = tuple(found)
        return cls(ancestors, parents)

    def generalised(self, table: pa.Table) -> pa.Table:
        """The baskets with the groups of their items as further items."""
        kind = table["item"].type
        if pa.types.is_null(kind):
            return table
        pairs = [(item, above) for item, all_above in self.ancestors.items() for above in all_above]
        items = pa.array([item for item, _ in pairs]).cast(kind)
        above = pa.array([group for _, group in pairs]).cast(kind)
        baskets = table.select(["transaction", "item"])
        more = baskets.filter(pc.is_valid(baskets["item"])).join(
            pa.table({"item": items, "above": above}), "item", join_type="inner"
        )
        more = more.select(["transaction", "above"]).rename_columns(["transaction", "item"])
        return pa.concat_tables([baskets, more])

    def kin(self, items: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Per item the places of those above and below it: offsets and places."""
        place = {item: number for number, item in enumerate(items.to_pylist())}
        kin: list[set[int]] = [set() for _ in place]
        for item, all_above in self.ancestors.items():
            for above in all_above:
                if item in place and above in place:
                    kin[place[item]].add(place[above])
                    kin[place[above]].add(place[item])
        offsets = np.cumsum([0, *map(len, kin)]).astype(np.int64)
        return offsets, np.array([other for each in kin for other in sorted(each)], np.int32)


def more_than_expected(itemsets: Itemsets, taxonomy: pa.Table, *, ratio: float = 1.1) -> pa.Table:
    """The generalised itemsets that say more than those with a group in place of an item.

    If half of all jackets are ski jackets, it is no news that they are in half as many baskets with boots as jackets.

    Parameters
    ----------
    itemsets : Itemsets, from `frequent_itemsets` with ``taxonomy``
    taxonomy : table, as given there
    ratio : float, by how much a count has to be above what is expected

    Returns
    -------
    table, as of `Itemsets.to_table`, with ``expected`` (float64: the highest count to be expected from any set with one
    item replaced by a group right above it; null where no such set is frequent), without the sets whose count is below
    ``ratio`` times that

    Raises
    ------
    SchemaError, DataError : as of `Taxonomy.of`.

    Notes
    -----
    R-interesting itemsets of [1]_, section 2.2, with the closest ancestors taken one item at a time. O(items in all
    itemsets), in Python: for thousands of sets, not millions.

    References
    ----------
    .. [1] Srikant, R. & Agrawal, R. (1995), Mining generalized association rules, Proc. VLDB, 407-419.

    Examples
    --------
    >>> from guanxi.mining.association import frequent_itemsets
    >>> groups = pa.table({"item": ["ski jacket", "rain jacket"], "parent": ["jacket", "jacket"]})
    >>> table = pa.table({"transaction": [1, 1, 2, 2, 3, 4], "item": [
    ...     "ski jacket", "boots", "ski jacket", "boots", "rain jacket", "rain jacket"]})
    >>> found = frequent_itemsets(table, min_support=2, taxonomy=groups)
    >>> pairs = more_than_expected(found, groups).filter(pc.field("length") == 2)
    >>> pairs.select(["items", "count", "expected"]).to_pylist()
    [{'items': ['boots', 'jacket'], 'count': 2, 'expected': None},
     {'items': ['boots', 'ski jacket'], 'count': 2, 'expected': 1.0}]
    """
    parents = Taxonomy.of(taxonomy).parents
    table = itemsets.to_table()
    sets = [frozenset(each) for each in table["items"].to_pylist()]
    counts = dict(zip(sets, table["count"].to_pylist(), strict=True))
    expected: list[float | None] = []
    for items in sets:
        found = []
        for item in items if len(items) > 1 else ():
            for parent in parents.get(item, ()):
                general = counts.get(items - {item} | {parent})
                if general is not None and parent not in items:
                    found.append(general * counts[frozenset({item})] / counts[frozenset({parent})])
        expected.append(max(found, default=None))
    table = table.append_column("expected", pa.array(expected, pa.float64()))
    kept = [
        value is None or count >= ratio * value
        for count, value in zip(table["count"].to_pylist(), expected, strict=True)
    ]
    return table.filter(pa.array(kept, pa.bool_()))
