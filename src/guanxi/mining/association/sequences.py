"""What customers buy next, and after how many days: frequent sequences of baskets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.compiled import compiled
from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import sequence_kernels
from guanxi.mining.association.encode import item_codes
from guanxi.mining.association.frequent import check_limits, check_support, least_count
from guanxi.mining.association.measures import wilson
from guanxi.words import Message

__all__ = ["Sequences", "frequent_sequences", "what_follows"]

_LONGEST = 255
_NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences of baskets and the number of customers who show each, as a tree in arrays.

    Node ``i`` is the sequence of node ``parent[i]`` with one item more: ``items[item[i]]``, in a later basket if
    ``opens[i]``, else in the same one. A parent of -1 is the empty sequence. Every node stands after its parent.

    Attributes
    ----------
    items : array, the frequent items by value
    parent, item : int32, one per node
    opens : bool per node
    support : int64 per node, number of customers
    length : uint8 per node, number of items
    days : float64, one row per node: quartiles of the days between the last two baskets; NaN for one basket
    customers : int, number of all customers
    min_count : int, the least support that was asked for, in customers
    messages : what the reader should know: that a cap was reached
    """

    items: pa.Array
    parent: npt.NDArray[np.int32] = field(repr=False)
    item: npt.NDArray[np.int32] = field(repr=False)
    opens: npt.NDArray[np.bool_] = field(repr=False)
    support: npt.NDArray[np.int64] = field(repr=False)
    length: npt.NDArray[np.uint8] = field(repr=False)
    days: npt.NDArray[np.float64] = field(repr=False)
    customers: int
    min_count: int
    messages: tuple[Message, ...] = ()

    def __len__(self) -> int:
        return len(self.item)

    def path(self, node: int) -> tuple[tuple[int, ...], ...]:
        """The ranks of one sequence's items, basket by basket."""
        baskets: list[list[int]] = [[]]
        while node >= 0:
            baskets[-1].append(int(self.item[node]))
            if self.opens[node]:
                baskets.append([])
            node = int(self.parent[node])
        return tuple(tuple(reversed(basket)) for basket in reversed(baskets[:-1]))

    def lists(self, nodes: npt.NDArray[np.int64]) -> pa.Array:
        """The sequences of several nodes: list of baskets, each a list of items in the order of their values."""
        paths = [self.path(int(node)) for node in nodes]
        baskets = [basket for path in paths for basket in path]
        inner = np.cumsum([0, *map(len, baskets)])
        flat = np.array([rank for basket in baskets for rank in basket], np.int64)
        outer = np.cumsum([0, *map(len, paths)])
        lists = pa.ListArray.from_arrays(pa.array(inner, pa.int32()), self.items.take(pa.array(flat)))
        return pa.ListArray.from_arrays(pa.array(outer, pa.int32()), lists)

    def to_table(self) -> pa.Table:
        """All sequences, the most frequent first, shorter ones first among equals.

        Returns
        -------
        table, one row per sequence: sequence (list of baskets, each a list of items; key), length (int64, items),
        customers (int64), support (float64, share of all customers), days_p25, days_median, days_p75 (float64, days
        between the last two baskets; null where there is one basket)
        """
        order = np.lexsort((np.arange(len(self)), self.length, -self.support))
        columns = {
            "sequence": self.lists(order),
            "length": self.length[order].astype(np.int64),
            "customers": self.support[order],
            "support": self.support[order] / self.customers,
        }
        return pa.table(columns | self._quartiles(order))

    def _quartiles(self, nodes: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
        names = ("days_p25", "days_median", "days_p75")
        return {name: pa.array(self.days[nodes, place], from_pandas=True) for place, name in enumerate(names)}

    def _begins(self) -> npt.NDArray[np.int64]:
        """Per node, the node before its last basket; -1 where there is one basket."""
        begins = np.empty(len(self), np.int64)
        for node in range(len(self)):
            begins[node] = self.parent[node] if self.opens[node] else begins[self.parent[node]]
        return begins


def frequent_sequences(
    table: pa.Table,
    *,
    min_support: float,
    min_gap_days: int = 1,
    max_gap_days: int | None = None,
    max_length: int | None = None,
    max_sets: int = 1_000_000,
) -> Sequences:
    """All sequences of baskets that at least ``min_support`` of the customers show, with the days between.

    For knowing what is bought next and after how long, as `what_follows` then says it. A sequence ⟨{printer}, {ink,
    paper}⟩ is shown by a customer who has some basket with a printer, and a later one with ink and paper; other items
    and, within the gaps, other baskets may be there too. What a customer takes on one day is one basket.

    Parameters
    ----------
    table : table, any number of rows per customer and day, in any order
        customer : of any type that can be compared
        at : date, or timestamp, of which the date counts
        item : likewise; an item twice on a day counts once; null for a day or a customer with nothing
    min_support : float above 0 and up to 1, share of the customers; or int from 1, number of customers
    min_gap_days : int from 1, the fewest days between a basket of a sequence and the next
    max_gap_days : int, the most days; without it there is no limit
    max_length : int, the most items in a sequence, all baskets together
    max_sets : int, a cap on the number of sequences, as of `frequent_itemsets`: the most frequent are kept, shorter
        ones first among equals, and ``messages`` says down to which support all are there.

    Returns
    -------
    Sequences

    Raises
    ------
    SchemaError : a column is missing, or ``at`` is neither date nor timestamp.
    DataError : there are no rows, or a customer or a date is null.
    SettingError : ``min_support`` is 0, below it, or a share above 1; a limit is below 1; the least gap is above the
        most.

    Notes
    -----
    Sequences grow at their end, depth first: by an item in the last basket, or by an item in a later one, as in
    PrefixSpan [1]_. With a largest gap the first place where a sequence ends is not enough to go on from: a customer
    may have to repeat the last step to be in time for the next. Therefore **all** baskets in which a sequence ends are
    kept, which makes the search complete under gap limits, as in cSPADE [2]_.

    The days between the last two baskets are, per customer, those of the first basket in which the sequence ends,
    counted from the nearest earlier one within the gaps. Time is in proportion to the sequences times the rows after
    them; memory is 38 bytes per sequence, and 8 bytes per row for each sequence on the way to the present one.

    References
    ----------
    .. [1] Pei, J. et al. (2004), Mining sequential patterns by pattern-growth: the PrefixSpan approach, IEEE
       Transactions on Knowledge and Data Engineering 16(11), 1424-1440.
    .. [2] Zaki, M. J. (2000), Sequence mining in categorical domains: incorporating constraints, Proc. CIKM, 422-429.

    Examples
    --------
    >>> import datetime as dt
    >>> on = [dt.date(2026, 1, day) for day in (1, 8, 2, 12, 3)]
    >>> table = pa.table({"customer": ["李", "李", "王", "王", "赵"], "at": on,
    ...                   "item": ["printer", "ink", "printer", "ink", "ink"]})
    >>> found = frequent_sequences(table, min_support=2, max_gap_days=30)
    >>> found.to_table().select(["sequence", "customers", "days_median"]).to_pylist()
    [{'sequence': [['ink']], 'customers': 3, 'days_median': None},
     {'sequence': [['printer']], 'customers': 2, 'days_median': None},
     {'sequence': [['printer'], ['ink']], 'customers': 2, 'days_median': 8.5}]
    """
    check_limits(max_length=max_length, max_sets=max_sets, min_gap_days=min_gap_days, max_gap_days=max_gap_days)
    if max_gap_days is not None and max_gap_days < min_gap_days:
        raise SettingError("errors.at_least", name="max_gap_days", least=min_gap_days, value=max_gap_days)
    check_support(min_support)
    customers, days, items, values = _read(table)
    number = len(np.unique(customers))
    min_count = least_count(min_support, number)
    order = np.lexsort((days, customers))
    customers, days, items = customers[order], days[order], items[order]
    counts = compiled(sequence_kernels).count_customers(customers, items, len(values))
    kept = np.flatnonzero(counts >= min_count)
    frequent = values.take(pa.array(kept))
    by_value = pc.sort_indices(frequent).to_numpy()
    rank = np.full(len(values) + 1, -1, np.int32)
    rank[kept[by_value]] = np.arange(len(kept), dtype=np.int32)
    parent, code, support, length, quartiles, floor, longest = compiled(sequence_kernels).search(
        *_baskets(customers, days, rank[items]),
        len(kept),
        min_count,
        min_gap_days,
        max_gap_days or _NO_LIMIT,
        min(max_length or _LONGEST, _LONGEST),
        max_sets,
    )
    messages: tuple[Message, ...] = ()
    if (floor, longest) != (min_count, _LONGEST):
        parameters = {"limit": max_sets, "kept": len(code), "complete": int(floor) + 1}
        messages = (Message("association.sequences_capped", parameters),)
    return Sequences(
        frequent.take(pa.array(by_value)),
        parent,
        code >> 1,
        (code & 1).astype(np.bool_),
        support,
        length,
        quartiles.reshape(-1, 3),
        number,
        min_count,
        messages,
    )


def what_follows(sequences: Sequences, *, min_confidence: float = 0.0) -> pa.Table:
    """What customers buy after what they bought, how many of them, and after how many days.

    For the next offer and its date. That somebody who bought the first yesterday has not bought the next yet counts
    against the rule: give it customers who had the time.

    Parameters
    ----------
    sequences : Sequences, from `frequent_sequences`
    min_confidence : float, 0 to 1

    Returns
    -------
    table, one row per sequence of two or more baskets, by descending confidence, then number of customers:
        before : list of baskets, each a list of items; key
        then : list of items, the basket that follows; key
        customers : int64, those who show both in this order, within the gaps
        before_customers, then_customers : int64, those who show one of them at any time
        support : float64, customers as a share of all
        confidence : share of ``before_customers`` who go on
        confidence_low, confidence_high : 95 % interval of it (Wilson)
        lift : confidence over the share of all customers who ever buy what follows
        days_p25, days_median, days_p75 : float64, days from one to the other: quartiles over the customers

    Raises
    ------
    SettingError : ``min_confidence`` is not within 0 to 1.

    Notes
    -----
    The rules of [1]_ with one basket on the right. O(sequences).

    References
    ----------
    .. [1] Zaki, M. J. (2001), SPADE, Machine Learning 42, 31-60, section 6.

    Examples
    --------
    >>> import datetime as dt
    >>> on = [dt.date(2026, 1, day) for day in (1, 8, 2, 12, 3)]
    >>> table = pa.table({"customer": ["李", "李", "王", "王", "赵"], "at": on,
    ...                   "item": ["printer", "ink", "printer", "ink", "ink"]})
    >>> found = what_follows(frequent_sequences(table, min_support=2))
    >>> found.select(["before", "then", "customers", "confidence", "days_median"]).to_pylist()
    [{'before': [['printer']], 'then': ['ink'], 'customers': 2, 'confidence': 1.0, 'days_median': 8.5}]
    """
    if not 0 <= min_confidence <= 1:
        raise SettingError("association.share", name="min_confidence", value=str(min_confidence))
    begins = sequences._begins()
    single = {sequences.path(node)[0]: node for node in np.flatnonzero(begins < 0).tolist()}
    nodes = np.flatnonzero(begins >= 0)
    before = begins[nodes]
    then = np.array([single[sequences.path(node)[-1]] for node in nodes.tolist()], np.int64)
    count, before_count, then_count = (sequences.support[each] for each in (nodes, before, then))
    confidence = count / before_count
    low, high = wilson(count, before_count)
    follows = sequences.lists(then)
    columns = {
        "before": sequences.lists(before),
        # Each is a sequence of one basket.
        "then": follows.flatten(),
        "customers": count,
        "before_customers": before_count,
        "then_customers": then_count,
        "support": count / sequences.customers,
        "confidence": confidence,
        "confidence_low": low,
        "confidence_high": high,
        "lift": confidence * sequences.customers / then_count,
        **sequences._quartiles(nodes),
    }
    order = np.lexsort((nodes, -count, -confidence))
    return pa.table(columns).take(pa.array(order[confidence[order] >= min_confidence]))


def _read(
    table: pa.Table,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], pa.Array]:
    """Customers and items as codes (items of -1 are null), days since 1970, and the value of each item's code."""
    for name in ("customer", "at", "item"):
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="baskets", column=name, columns=table.column_names)
    if table.num_rows == 0:
        raise DataError("association.no_baskets")
    for name in ("customer", "at"):
        if empty := table[name].null_count:
            raise DataError("errors.empty_values", table="baskets", column=name, rows=empty)
    if not (pa.types.is_date(table["at"].type) or pa.types.is_timestamp(table["at"].type)):
        raise SchemaError("association.not_a_date", column="at", type=str(table["at"].type))
    days = table["at"].cast(pa.date32(), safe=False).combine_chunks().view(pa.int32()).to_numpy()
    items, values = item_codes(table["item"])
    return item_codes(table["customer"])[0], days, items, values


def _baskets(
    customers: npt.NDArray[np.int32], days: npt.NDArray[np.int32], ranks: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Per customer and day its frequent items, ascending, each once: offsets, items, customers, days."""
    kept = ranks >= 0
    customers, days, ranks = customers[kept], days[kept], ranks[kept]
    order = np.lexsort((ranks, days, customers))
    customers, days, ranks = customers[order], days[order], ranks[order]
    new_basket = np.ones(len(ranks), np.bool_)
    new_basket[1:] = (customers[1:] != customers[:-1]) | (days[1:] != days[:-1])
    first = new_basket.copy()
    first[1:] |= ranks[1:] != ranks[:-1]
    starts = np.flatnonzero(new_basket[first])
    offsets = np.append(starts, first.sum()).astype(np.int64)
    baskets = np.flatnonzero(new_basket)
    return offsets, ranks[first], customers[baskets], days[baskets]
