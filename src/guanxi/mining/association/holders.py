"""Which baskets, or customers, hold given sets of items: those that a rule catches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.compiled import compiled
from guanxi.errors import SettingError
from guanxi.mining.association import holder_kernels
from guanxi.mining.association.encode import read_columns

__all__ = ["HeldSets", "caught"]


class HeldSets:
    """A basket table, indexed for finding the baskets of any set of items."""

    def __init__(self, table: pa.Table) -> None:
        columns = read_columns(table)
        self.baskets = columns.baskets
        self.values = columns.values
        self.transactions = columns.transactions
        self._starts, self._flat = compiled(holder_kernels).baskets_of(columns.offsets, columns.codes, columns.support)

    def counts(self, sets: pa.Array) -> npt.NDArray[np.int64]:
        """Number of baskets per set; ``sets`` is a list array of items, none of them empty."""
        offsets = sets.offsets.to_numpy().astype(np.int64)
        codes = self._codes(sets.flatten())
        return compiled(holder_kernels).count_sets(self._starts, self._flat, offsets - offsets[0], codes)

    def of(self, items: Sequence[object]) -> npt.NDArray[np.int32]:
        """Places among ``transactions`` of the baskets that hold all of some items."""
        codes = self._codes(pa.array(list(items)))
        if (codes < 0).any():
            return np.empty(0, np.int32)
        return compiled(holder_kernels).holders(self._starts, self._flat, codes)

    def _codes(self, items: pa.Array) -> npt.NDArray[np.int64]:
        if pa.types.is_null(self.values.type):
            return np.full(len(items), -1, np.int64)
        codes = pc.index_in(items.cast(self.values.type), value_set=self.values)
        return pc.fill_null(codes, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def caught(table: pa.Table, antecedent: Sequence[object], consequent: Sequence[object] = ()) -> pa.Table:
    """The baskets, or customers, that a rule catches: those that hold its antecedent.

    For the list that goes with a rule: whom to call, whose credit to look at again. Those without the consequent yet
    are the ones to reach.

    Parameters
    ----------
    table : table, any number of rows per basket or customer; transaction, item as of `frequent_itemsets`
    antecedent : items, at least one
    consequent : items

    Returns
    -------
    table, one row per basket that holds all of ``antecedent``, by ``transaction``:
        transaction : of the table's type; key
        holds : bool, whether it also holds all of ``consequent``

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no baskets, or a transaction is null.
    SettingError : the antecedent is empty.

    Notes
    -----
    O(rows) to index the table, then the length of the shortest list of baskets.

    Examples
    --------
    >>> table = pa.table({"transaction": ["李", "李", "王", "赵", "赵"],
    ...                   "item": ["loan", "card", "loan", "loan", "card"]})
    >>> caught(table, ["loan"], ["card"]).to_pylist()
    [{'transaction': '李', 'holds': True}, {'transaction': '王', 'holds': False}, {'transaction': '赵', 'holds': True}]
    """
    if not antecedent:
        raise SettingError("errors.at_least", name="antecedent", least=1, value=0)
    index = HeldSets(table)
    found = index.of(antecedent)
    holds = np.isin(found, index.of([*antecedent, *consequent]))
    result = pa.table({"transaction": index.transactions.take(pa.array(found)), "holds": holds})
    return result.take(pc.sort_indices(result["transaction"]))
