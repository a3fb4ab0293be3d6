"""Inner loops of the scan: texts to codes, and rows to buckets of customers.

Plain Python over arrays; `guanxi.compiled.compiled` makes machine code of it. Every array of codes that is looked up
by a dictionary's indices ends in one more element for the index -1, which stands for an empty cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["KERNELS", "LINE", "ORDER"]

KERNELS = ("text_key", "_same", "_find", "find_texts", "settle", "_bounds", "scatter_lines", "scatter_orders")

LINE = np.dtype([("customer", "i4"), ("product", "i4"), ("category", "i4"), ("padding", "i4"), ("amount", "i8")])
"""What a bucket keeps of one sold line: 24 bytes; ``category`` is -1 where there is none."""
ORDER = np.dtype(
    [("customer", "i4"), ("on", "i4"), ("key", "u8"), ("second_key", "u8"), ("at", "i8"), ("items", "i8"),
     ("amount", "i8"), ("returns_amount", "i8"), ("sale_lines", "i4"), ("hour", "i4")]
)  # fmt: skip
"""What a bucket keeps of one order on one day: 64 bytes; ``on`` in days since 1970, ``at`` in microseconds, ``items``
in ten thousandths, ``hour`` 24 where there is none."""

_BLOCK = 256
"""Texts that are looked up together."""

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Records = Any
"""Arrays of records; the type checker does not know their fields."""


def text_key(data: Bytes, start: int, end: int, key: np.uint64, second_key: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Two independent 64-bit hashes of a text's bytes, going on from those of what stood before it."""
    for place in range(start, end):
        byte = np.uint64(data[place])
        key = (key ^ byte) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
        second_key = (second_key + byte) * np.uint64(0xD6E8FEB86659FD93)
        second_key ^= second_key >> np.uint64(32)
    # A byte that no UTF-8 text holds ends it, so that two texts in a row are not taken for two others.
    key = (key ^ np.uint64(0xFF)) * np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(31)
    second_key = (second_key + np.uint64(0xFF)) * np.uint64(0x94D049BB133111EB)
    second_key ^= second_key >> np.uint64(30)
    return key, second_key


def _same(data: Bytes, start: int, kept: Bytes, first: int, size: int) -> bool:
    """Whether two stretches of bytes are alike."""
    byte = 0
    while byte < size and kept[first + byte] == data[start + byte]:
        byte += 1
    return byte == size


def _find(
    key: np.uint64, data: Bytes, start: int, size: int, slots: Longs, ends: Longs, kept: Bytes
) -> tuple[int, np.uint64]:
    """The code of one text, or -1; and its place in the table."""
    mask = np.uint64(slots.size - 1)
    place, tag = key & mask, np.int64(key >> np.uint64(33))
    while slots[place] >= 0:
        code = slots[place] & 0xFFFFFFFF
        first = ends[code]
        if slots[place] >> 32 == tag and ends[code + 1] - first == size and _same(data, start, kept, first, size):
            return code, place
        place = (place + np.uint64(1)) & mask
    return -1, place


def find_texts(
    starts: Longs,
    data: Bytes,
    slots: Longs,
    hashes: Words,
    ends: Longs,
    kept: Bytes,
    known: int,
    add: bool,
    codes: Ints,
) -> int:
    """The code of each text in ``codes``; an unknown one is added where ``add``, else it is -1. Returns who is known.

    ``slots`` is an open table with a power of two of places: the high half of a hash and the code, or -1. A text begins
    in ``kept`` at ``ends[code]`` and ends at ``ends[code + 1]``. There has to be room for what is added.
    """
    mask = np.uint64(slots.size - 1)
    keys, likely, firsts = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    for block in range(0, starts.size - 1, _BLOCK):
        size_of_block = min(_BLOCK, starts.size - 1 - block)
        # The table lies outside the cache: many of its places are fetched at once, not one after the other.
        for place in range(size_of_block):
            text = block + place
            keys[place], _ = text_key(data, starts[text], starts[text + 1], np.uint64(0), np.uint64(0))
            likely[place] = slots[keys[place] & mask]
        for place in range(size_of_block):
            text, code = block + place, likely[place] & 0xFFFFFFFF
            fits = likely[place] >= 0 and likely[place] >> 32 == np.int64(keys[place] >> np.uint64(33))
            if fits and ends[code + 1] - ends[code] == starts[text + 1] - starts[text]:
                firsts[place] = ends[code]
            else:
                firsts[place] = -1
        for place in range(size_of_block):
            text = block + place
            start, size = starts[text], starts[text + 1] - starts[text]
            if firsts[place] >= 0 and _same(data, start, kept, firsts[place], size):
                codes[text] = likely[place] & 0xFFFFFFFF
                continue
            code, slot = _find(keys[place], data, start, size, slots, ends, kept)
            if code < 0 and add:
                code = known
                for byte in range(size):
                    kept[ends[code] + byte] = data[start + byte]
                ends[code + 1] = ends[code] + size
                hashes[code] = keys[place]
                slots[slot] = np.int64(keys[place] >> np.uint64(33)) << 32 | code
                known += 1
            codes[text] = code
    return known


def settle(slots: Longs, hashes: Words, known: int) -> None:
    """Give each known text its place in a table that has grown."""
    mask = np.uint64(slots.size - 1)
    for code in range(known):
        place = hashes[code] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = np.int64(hashes[code] >> np.uint64(33)) << 32 | code


def _bounds(buckets: Ints, count: int) -> Longs:
    """Where each bucket's rows begin once the rows are in the order of buckets; rows of bucket -1 are left out."""
    bounds = np.zeros(count + 1, np.int64)
    for row in range(buckets.size):
        if buckets[row] >= 0:
            bounds[buckets[row] + 1] += 1
    for bucket in range(count):
        bounds[bucket + 1] += bounds[bucket]
    return bounds


def scatter_lines(
    customers: Ints, customer_codes: Ints, products: Ints, product_codes: Ints, categories: Ints, category_codes: Ints,
    countries: Ints, country_codes: Ints, country_ranks: Ints, line_kinds: Ints, is_sale: Flags, item_kinds: Ints,
    is_product: Flags, ordered_on: Ints, amounts: Longs, as_of: int, first_seen_on: Ints, country_seen: Ints,
    count: int, records: Records,
) -> Longs:  # fmt: skip
    """Sold products of known customers before ``as_of`` in the order of buckets in ``records``; returns the bounds.

    On the way ``first_seen_on`` and ``country_seen``, by customer, become the earliest day of any line and the country
    that sorts first of the lines before ``as_of``.
    """
    buckets = np.empty(customers.size, np.int32)
    for row in range(customers.size):
        buckets[row] = -1
        customer = customer_codes[customers[row]]
        if customer < 0:
            continue
        on = ordered_on[row]
        first_seen_on[customer] = min(first_seen_on[customer], on)
        if on >= as_of:
            continue
        country = country_codes[countries[row]]
        if country >= 0:
            seen = country_seen[customer]
            if seen < 0 or country_ranks[country] < country_ranks[seen]:
                country_seen[customer] = country
        if products[row] >= 0 and is_sale[line_kinds[row]] and is_product[item_kinds[row]]:
            buckets[row] = customer % count
    bounds = _bounds(buckets, count)
    following = bounds.copy()
    for row in range(customers.size):
        bucket = buckets[row]
        if bucket >= 0:
            record = records[following[bucket]]
            following[bucket] += 1
            record.customer = customer_codes[customers[row]]
            record.product = product_codes[products[row]]
            record.category = category_codes[categories[row]]
            record.amount = amounts[row]
    return bounds


def scatter_orders(
    customers: Ints, sources: Ints, source_keys: Words, starts: Longs, texts: Bytes,
    ordered_at: Longs, ordered_on: Ints, hours: Longs, sale_lines: Longs, items: Longs, amounts: Longs,
    returns_amounts: Longs, as_of: int, count: int, records: Records,
) -> Longs:  # fmt: skip
    """Orders of known customers before ``as_of`` in the order of buckets in ``records``; returns the bounds.

    ``customers`` are codes, -1 for nobody known; ``source_keys`` holds the two hashes of each source, ``starts`` and
    ``texts`` the order numbers, ``items`` the low and the high word of each count of pieces in turn.
    """
    buckets = np.empty(ordered_on.size, np.int32)
    for row in range(ordered_on.size):
        customer = customers[row]
        buckets[row] = customer % count if customer >= 0 and ordered_on[row] < as_of else -1
    bounds = _bounds(buckets, count)
    following = bounds.copy()
    for row in range(ordered_on.size):
        bucket = buckets[row]
        if bucket >= 0:
            record = records[following[bucket]]
            following[bucket] += 1
            source = sources[row]
            key, second_key = text_key(
                texts, starts[row], starts[row + 1], source_keys[source, 0], source_keys[source, 1]
            )
            record.customer = customers[row]
            record.on = ordered_on[row]
            record.key = key
            record.second_key = second_key
            record.at = ordered_at[row]
            record.items = items[2 * row]
            record.amount = amounts[row]
            record.returns_amount = returns_amounts[row]
            record.sale_lines = sale_lines[row]
            record.hour = min(max(hours[row], -1), 24)
    return bounds
