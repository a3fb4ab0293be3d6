"""Rules that stand on baskets they were not found in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.compiled import compiled
from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import rule_kernels
from guanxi.mining.association.encode import item_codes
from guanxi.mining.association.holders import HeldSets
from guanxi.mining.association.measures import holm, wilson
from guanxi.mining.association.taxonomy import Taxonomy

__all__ = ["hold_out", "split_baskets"]


def split_baskets(table: pa.Table, *, share: float = 0.5, seed: int = 0) -> tuple[pa.Table, pa.Table]:
    """Baskets to find rules in, and baskets held out to test them on.

    Parameters
    ----------
    table : table, any number of rows per basket; transaction and any other columns
    share : float above 0 and below 1, how many of the baskets are held out
    seed : int; the same seed and the same baskets, in whatever order of rows, give the same answer

    Returns
    -------
    two tables with the columns and the order of rows of the one given: to explore, held out

    Raises
    ------
    SchemaError : there is no column transaction.
    DataError : a transaction is null.
    SettingError : the share is not within 0 to 1.

    Examples
    --------
    >>> table = pa.table({"transaction": [1, 1, 2, 3, 4], "item": ["a", "b", "a", "b", "a"]})
    >>> [part["transaction"].to_pylist() for part in split_baskets(table)]
    [[2, 3], [1, 1, 4]]
    """
    if not 0 < share < 1:
        raise SettingError("association.share", name="share", value=str(share))
    if "transaction" not in table.column_names:
        raise SchemaError("errors.no_such_column", table="baskets", column="transaction", columns=table.column_names)
    if empty := table["transaction"].null_count:
        raise DataError("errors.empty_values", table="baskets", column="transaction", rows=empty)
    codes, values = item_codes(table["transaction"])
    there = np.unique(codes)
    by_value = there[pc.sort_indices(values.take(pa.array(there))).to_numpy()]
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(by_value))
    held = np.zeros(len(values), np.bool_)
    held[by_value[order[: round(share * len(order))]]] = True
    return table.filter(pa.array(~held[codes])), table.filter(pa.array(held[codes]))


def hold_out(rules: pa.Table, table: pa.Table, *, alpha: float = 0.05, taxonomy: pa.Table | None = None) -> pa.Table:
    """Test rules on baskets that they were not found in.

    For a claim that has to stand. Whatever was tried to find the rules does not matter here: only as many tests are
    made as there are rules, so take few and good ones.

    Parameters
    ----------
    rules : table, from `rules` on other baskets: antecedent, consequent
    table : table of the baskets held out: transaction, item
    alpha : float, 0 to 1: the most that the chance of even one wrong rule among those that stand may be
    taxonomy : table, as of `frequent_itemsets`, where the rules name groups

    Returns
    -------
    table, the rules in their order with further columns:
        holdout_count, holdout_antecedent_count, holdout_consequent_count : int64, baskets held out
        holdout_confidence, holdout_confidence_low, holdout_confidence_high : float64, null without such baskets; the
            95 % interval is Wilson's
        holdout_p : Fisher's exact test, one-sided (more often together than by chance)
        holdout_p_adjusted : p after Holm, over all rules given
        stands : bool, whether that is at most ``alpha``

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no baskets, or a transaction is null.
    SettingError : ``alpha`` is not within 0 to 1.

    Notes
    -----
    The holdout evaluation of [1]_ with Holm's adjustment. O(rows) and the lists of baskets of each rule's items.

    References
    ----------
    .. [1] Webb, G. I. (2007), Discovering significant patterns, Machine Learning 68, 1-33.

    Examples
    --------
    >>> from guanxi.mining.association import frequent_itemsets, rules
    >>> baskets = {"transaction": [*range(40), *range(20)], "item": ["tea"] * 20 + ["ink"] * 20 + ["cup"] * 20}
    >>> explore, held = split_baskets(pa.table(baskets))
    >>> found = rules(frequent_itemsets(explore, min_support=5), min_confidence=0.9, target=["cup"])
    >>> hold_out(found, held).select(["antecedent", "consequent", "stands"]).to_pylist()
    [{'antecedent': ['tea'], 'consequent': ['cup'], 'stands': True}]
    """
    if not 0 <= alpha <= 1:
        raise SettingError("association.share", name="alpha", value=str(alpha))
    for name in ("antecedent", "consequent"):
        if name not in rules.column_names:
            raise SchemaError("errors.no_such_column", table="rules", column=name, columns=rules.column_names)
    index = HeldSets(table if taxonomy is None else Taxonomy.of(taxonomy).generalised(table))
    left, right = (rules[name].combine_chunks() for name in ("antecedent", "consequent"))
    left_count, right_count = index.counts(left), index.counts(right)
    both = index.counts(_joined(left, right))
    p = compiled(rule_kernels).fisher(both, left_count, right_count, index.baskets)
    adjusted = holm(p)
    there = left_count > 0
    of = np.where(there, left_count, 1)
    low, high = wilson(both, of)
    shares = {"": both / of, "_low": low, "_high": high}
    columns = {
        "count": both,
        "antecedent_count": left_count,
        "consequent_count": right_count,
        **{f"confidence{end}": pa.array(value, mask=~there) for end, value in shares.items()},
        "p": p,
        "p_adjusted": adjusted,
    }
    for name, column in columns.items():
        rules = rules.append_column(f"holdout_{name}", pa.array(column))
    return rules.append_column("stands", pa.array(adjusted <= alpha))


def _joined(left: pa.Array, right: pa.Array) -> pa.Array:
    """Per row, the items of both lists."""
    if len(left) == 0:
        return left
    items = pa.concat_arrays([left.flatten(), right.flatten()])
    row = np.concatenate([pc.list_parent_indices(each).to_numpy() for each in (left, right)])
    order = np.argsort(row, kind="stable")
    offsets = np.zeros(len(left) + 1, np.int32)
    np.cumsum(np.bincount(row, minlength=len(left)), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), items.take(pa.array(order)))
