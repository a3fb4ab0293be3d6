"""What happens to orders besides being made: goods sent back, and the untidiness of real books.

Odd lines are made from the lines of a block of orders. Some belong where they are made (a line twice, postage), others
are due later (goods sent back, an order taken back) and wait in `Later` until the books have reached their time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guanxi.simulate.baskets import ORDERS_PER_BLOCK, SALE
from guanxi.simulate.catalogue import POSTAGE, TEST
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Integers, Purpose, to_uniform, uniform, words

__all__ = ["CANCELLATION", "KINDS", "MISTAKE", "PREFIX", "RETURN", "add_oddities", "merge_by_time"]

KINDS = ("sale", "return", "repeat", "mistake", "cancellation", "postage", "test")
_, RETURN, REPEAT, MISTAKE, CANCELLATION, POSTAGE_LINE, TEST_LINE = range(len(KINDS))
PREFIX = ("", "R", "", "", "C", "", "T")
"""What an order number begins with, by the kind of its lines."""

RETURN_WITHIN_SECONDS = 30 * 86_400
CANCEL_WITHIN_SECONDS = 2 * 86_400
POSTAGE_PRICES = (600, 800, 1000, 1200)
_PARTS = 8


def add_oddities(
    parameters: Parameters, lines: np.ndarray, block: int, *, sent_back: NDArray[np.bool_] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Now and later: the block's lines with those odd ones that stand among them, and those due afterwards.

    In both, ``order`` tells orders apart over all blocks, and ``about`` is −1 − (the order's place in the block) until
    the order has its number. The first line of an order that is ``sent_back`` comes back in any case.
    """
    orders = int(lines["order"][-1]) + 1 if len(lines) else 0
    about = -1 - lines["order"]
    lines = lines.copy()
    lines["order"] = (block * ORDERS_PER_BLOCK + lines["order"]) * _PARTS

    later = [
        _sent_back(parameters, lines, about, orders, block, sent_back),
        *_entered_twice(parameters, lines, about, orders, block),
        _tests(parameters, lines, about, orders, block),
    ]
    due = np.concatenate(later)
    due = due[due["second"] < parameters.seconds]
    now = _with_repeats(parameters, _with_postage(parameters, lines, about, orders, block), block)
    return now, due[np.lexsort((due["order"], due["second"]))]


def merge_by_time(lines: np.ndarray, later: np.ndarray, *, before: int) -> tuple[np.ndarray, np.ndarray]:
    """Lines with those of ``later`` that are due before a second, in time order; and what is left of ``later``."""
    due = int(np.searchsorted(later["second"], before))
    both = np.concatenate((lines, later[:due]))
    return both[np.argsort(both["second"], kind="stable")], later[due:]


def _chosen(parameters: Parameters, purpose: Purpose, block: int, orders: int, share: float) -> np.ndarray:
    return uniform(parameters.seed, purpose, block, orders) < share


def _delays(parameters: Parameters, purpose: Purpose, block: int, orders: int, most: int) -> Integers:
    drawn = words(parameters.seed, purpose, block, orders) >> np.uint64(32)
    return 60 + (drawn * np.uint64(most - 60) >> np.uint64(32)).astype(np.int64)


def _derived(lines: np.ndarray, about: Integers, kind: int, part: int) -> np.ndarray:
    """Copies of lines that form an order of their own, about the one they come from."""
    copies = lines.copy()
    copies["order"] += part
    copies["kind"] = kind
    copies["about"] = about
    return copies


def _sent_back(
    parameters: Parameters, lines: np.ndarray, about: Integers, orders: int, block: int,
    because_bad: NDArray[np.bool_] | None,
) -> np.ndarray:  # fmt: skip
    """Returned lines; what of one order is sent back comes back together."""
    back = _chosen(parameters, Purpose.RETURN, block, len(lines), parameters.return_share)
    if because_bad is not None:
        back |= because_bad[-1 - about] & (np.diff(about, prepend=0) != 0)
    returned = _derived(lines[back], about[back], RETURN, 3)
    returned["quantity"] *= -1
    delay = _delays(parameters, Purpose.RETURN_DELAY, block, orders, RETURN_WITHIN_SECONDS)
    returned["second"] += delay[-1 - returned["about"]]
    return returned


def _entered_twice(
    parameters: Parameters, lines: np.ndarray, about: Integers, orders: int, block: int
) -> tuple[np.ndarray, np.ndarray]:
    """The second entry of an order, at once, and the cancellation that takes it back, before the end."""
    share = parameters.dirt.mistaken_orders
    which = _chosen(parameters, Purpose.MISTAKE, block, 2 * orders, share)[:orders][-1 - about]
    mistaken = _derived(lines[which], about[which], MISTAKE, 1)
    cancelled = _derived(lines[which], about[which], CANCELLATION, 2)
    cancelled["quantity"] *= -1
    delay = _delays(parameters, Purpose.MISTAKE, block, 2 * orders, CANCEL_WITHIN_SECONDS)[orders:]
    cancelled["second"] = np.minimum(
        cancelled["second"] + delay[-1 - cancelled["about"]], parameters.seconds - 1
    )  # fmt: skip
    return mistaken, cancelled


def _tests(parameters: Parameters, lines: np.ndarray, about: Integers, orders: int, block: int) -> np.ndarray:
    """Test orders of the staff: one line, a price of one minor unit, no customer."""
    chosen = _chosen(parameters, Purpose.TEST, block, orders, parameters.dirt.test_orders)
    first = np.diff(about, prepend=0) != 0
    tests = _derived(lines[first][chosen], about[first][chosen], TEST_LINE, 4)
    tests["customer"] = -1
    tests["product"] = TEST
    tests["quantity"] = 1
    tests["price"] = 1
    return tests


def _with_postage(parameters: Parameters, lines: np.ndarray, about: Integers, orders: int, block: int) -> np.ndarray:
    """A line of postage at the end of the chosen orders."""
    drawn = words(parameters.seed, Purpose.POSTAGE, block, orders)
    chosen = to_uniform(drawn) < parameters.dirt.postage_lines
    last = np.diff(about, append=1) != 0
    charged = np.flatnonzero(last)[chosen]
    postage = _derived(lines[charged], about[charged], POSTAGE_LINE, 0)
    postage["product"] = POSTAGE
    postage["quantity"] = 1
    postage["price"] = np.array(POSTAGE_PRICES)[(drawn[chosen] % np.uint64(len(POSTAGE_PRICES))).astype(np.int64)]
    return np.insert(lines, charged + 1, postage)


def _with_repeats(parameters: Parameters, lines: np.ndarray, block: int) -> np.ndarray:
    """Chosen lines of sale once more, directly behind."""
    chosen = _chosen(parameters, Purpose.REPEAT, block, len(lines), parameters.dirt.repeated_lines)
    chosen &= lines["kind"] == SALE
    twice = np.repeat(lines, 1 + chosen)
    again = np.cumsum(1 + chosen)[chosen] - 1
    twice["kind"][again] = REPEAT
    # The order that a repeat is about is its own.
    twice["about"][again] = -1 - twice["order"][again] // _PARTS % ORDERS_PER_BLOCK
    return twice
