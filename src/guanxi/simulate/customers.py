"""Who the customers are: what no shop ever knows about them, drawn once and kept as the truth.

Customers are numbered in the order in which they arrive; the arrival is the first order.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from guanxi.simulate.catalogue import catalogue, people
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, exponential, uniform, words
from guanxi.simulate.season import Clock

__all__ = ["FIRST_CUSTOMER_ID", "Population", "clocks", "draw_population", "has_chinese_name"]

FIRST_CUSTOMER_ID = 100_001
_BLOCK = 16_384
_FOR_EVER_HOURS = 1_000_000
_MOST_ORDERS = 500
"""Nobody's rate is higher than this many orders in all the days; the truth says so too."""


@dataclass(frozen=True, eq=False)
class Population:
    """One entry a customer, in the order of arrival."""

    segment: Integers
    arrived: Integers
    """Seconds after the start."""
    rate: Floats
    """Orders a day, λ."""
    dropout: Floats
    """μ a day (pareto) or p a repeat order (geometric)."""
    left: Integers
    """Seconds after the start when a customer dropped out (pareto), whether or not before the end."""
    orders_to_dropout: Integers
    """Repeat orders made before dropping out (geometric)."""
    spend: Floats
    """Mean order value in minor units, p/ν."""
    favourite: Integers
    second: Integers
    place: Integers
    name: Integers

    def __len__(self) -> int:
        return len(self.segment)


def clocks(parameters: Parameters) -> list[Clock]:
    """The clock of each segment; segments of the same season share one."""
    known: dict[tuple[float, ...], Clock] = {}
    for segment in parameters.segments:
        if segment.months not in known:
            known[segment.months] = Clock(segment.months, parameters.starts_on, parameters.days)
    return [known[segment.months] for segment in parameters.segments]


def draw_population(parameters: Parameters) -> Population:
    """Draw every customer's truth. O(customers) time and memory, about 90 bytes a customer."""
    season = clocks(parameters)
    parts = [
        _draw_block(parameters, season, block, min(_BLOCK, parameters.customers - first))
        for block, first in enumerate(range(0, parameters.customers, _BLOCK))
    ]
    arrived = np.concatenate([part.arrived for part in parts])
    order = np.argsort(arrived, kind="stable")
    return Population(*(
        np.concatenate([getattr(part, field.name) for part in parts])[order] for field in fields(Population)
    ))  # fmt: skip


def has_chinese_name(language: str, drawn: Integers) -> NDArray[np.bool_]:
    """Whether a customer has a Chinese name: all in ``zh``, none in ``en``, 70 % in ``mixed``."""
    if language == "mixed":
        return drawn % 10 < 7
    return np.full(len(drawn), language == "zh")


def _draw_block(parameters: Parameters, season: list[Clock], block: int, count: int) -> Population:
    def drawn(purpose: Purpose) -> Floats:
        return uniform(parameters.seed, purpose, block, count)

    segments = parameters.segments
    segment = np.searchsorted(np.cumsum([each.share for each in segments])[:-1], drawn(Purpose.SEGMENT), side="right")

    def law(name: str) -> Floats:
        return np.array([getattr(each, name) for each in segments], dtype=np.float64)[segment]

    arrived = np.zeros(count, dtype=np.int64)
    position = _growing(drawn(Purpose.ARRIVAL), parameters.growth)
    for number, clock in enumerate(season):
        members = segment == number
        arrived[members] = clock.seconds((position[members] * clock.total).astype(np.int64))

    rate = gammaincinv(law("rate_shape"), drawn(Purpose.RATE)) / law("rate_scale_days")
    rate = np.minimum(rate, _MOST_ORDERS / parameters.days)
    lifetime = drawn(Purpose.LIFETIME)
    left = np.full(count, parameters.seconds + 1)
    orders_to_dropout = np.full(count, np.iinfo(np.int64).max)
    if parameters.dropout == "pareto":
        dropout = gammaincinv(law("dropout_shape"), drawn(Purpose.DROPOUT)) / law("dropout_scale_days")
        # Whole hours: a last digit that differs between machines does not reach them.
        hours = np.minimum(_FOR_EVER_HOURS, np.rint(exponential(lifetime) * 24 / np.maximum(dropout, 1e-300)))
        left = arrived + hours.astype(np.int64) * 3600
    else:
        dropout = betaincinv(law("dropout_a"), law("dropout_b"), drawn(Purpose.DROPOUT))
        steps = np.ceil(np.log(lifetime) / np.log1p(-np.clip(dropout, 1e-12, 1 - 1e-12)))
        orders_to_dropout = np.maximum(1, steps).astype(np.int64)

    nu = gammaincinv(law("spend_spread"), drawn(Purpose.SPEND)) / np.array([s.spend_scale for s in segments])[segment]
    favourite, second = _favourites(drawn(Purpose.TASTE))
    place, name = _identities(parameters, block, count)
    return Population(
        segment=segment,
        arrived=arrived,
        rate=rate,
        dropout=dropout,
        left=left,
        orders_to_dropout=orders_to_dropout,
        spend=law("spend_shape") / nu,
        favourite=favourite,
        second=second,
        place=place,
        name=name,
    )


def _growing(uniforms: Floats, growth: float) -> Floats:
    """Arrivals whose density rises evenly from 1 to 1 + growth, over 0 … 1."""
    if growth == 0:
        return uniforms
    return (np.sqrt(1 + 2 * growth * uniforms * (1 + growth / 2)) - 1) / growth


def _favourites(uniforms: Floats) -> tuple[Integers, Integers]:
    """Two different categories, each by its share; the second from what the first leaves over of one uniform."""
    shares = catalogue().category_shares
    ladder = np.cumsum(shares)
    favourite = np.minimum(np.searchsorted(ladder, uniforms, side="right"), len(shares) - 1)
    rest = np.clip((uniforms - (ladder[favourite] - shares[favourite])) / shares[favourite], 0, 1 - 2**-40)
    # Drawing among the others: a point in what is left of the ladder, beyond the favourite's own step.
    point = rest * (1 - shares[favourite])
    point = point + np.where(point >= ladder[favourite] - shares[favourite], shares[favourite], 0.0)
    second = np.minimum(np.searchsorted(ladder, point, side="right"), len(shares) - 1)
    return favourite, np.where(second == favourite, (second + 1) % len(shares), second)


def _identities(parameters: Parameters, block: int, count: int) -> tuple[Integers, Integers]:
    """A place (Chinese-named places first, then the others) and 62 bits to make a name from."""
    lists = people()
    name = (words(parameters.seed, Purpose.NAME, block, count) >> np.uint64(2)).astype(np.int64)
    chinese = has_chinese_name(parameters.language, name)
    drawn = uniform(parameters.seed, Purpose.PLACE, block, count)
    place = np.zeros(count, dtype=np.int64)
    for who, places, first in ((chinese, lists.places_zh, 0), (~chinese, lists.places_en, len(lists.places_zh))):
        ladder = np.cumsum([each.weight for each in places])
        place[who] = first + np.searchsorted(ladder, (drawn[who] * ladder[-1]).astype(np.int64), side="right")
    return place, name
