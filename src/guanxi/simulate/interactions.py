"""All touches between the company and its customers, in time order: visits, complaints, messages sent and opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.simulate.books import MONEY_DIGITS, customer_ids, decimals
from guanxi.simulate.campaigns import Campaign, channels
from guanxi.simulate.customers import Population
from guanxi.simulate.experience import OwnOrders, draw_complaints
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Integers, Purpose, exponential, uniform
from guanxi.simulate.relations import CHANNELS
from guanxi.simulate.visits import draw_visits

__all__ = ["interaction_batches", "interaction_keys", "interaction_schema"]

KINDS = (
    ("web", "visit", "inbound"),
    ("phone", "complaint", "inbound"),
    *((channel, "message", "outbound") for channel in CHANNELS),
    *((channel, "opened", "inbound") for channel in CHANNELS),
)
"""Channel, kind and direction, as they are written."""
_VISIT, _COMPLAINT, _MESSAGE, _OPENED = 0, 1, 2, 2 + len(CHANNELS)
_MEAN_SECONDS = np.array([240.0, 420.0])
"""How long a visit and a complaint take on average; both are exponential."""
_ROWS = 131_072
_CUSTOMER_BITS = 27
_LOW = (1 << _CUSTOMER_BITS) - 1


def interaction_schema(parameters: Parameters) -> pa.Schema:
    """Columns of the interactions. ``happened_at`` is what the clock on the shop's wall shows."""
    return pa.schema(
        [
            ("interaction_id", pa.string()),
            ("customer_id", pa.string()),
            ("happened_at", pa.timestamp("s")),
            ("channel", pa.string()),
            ("kind", pa.string()),
            ("direction", pa.string()),
            ("duration_seconds", pa.int64()),
            ("cost", pa.decimal128(MONEY_DIGITS, parameters.decimals)),
        ]
    )


def interaction_keys(
    parameters: Parameters,
    population: Population,
    orders: OwnOrders,
    leaves: Integers,
    campaigns: Sequence[Campaign],
) -> Integers:
    """Every touch as ``second << 32 | kind << 27 | customer``, sorted: eight bytes each."""
    who, second = draw_visits(parameters, population, leaves)
    parts = [_keys(second, np.full(len(who), _VISIT), who)]
    who, second = draw_complaints(parameters, orders)
    parts.append(_keys(second, np.full(len(who), _COMPLAINT), who))
    wants = channels(parameters, population)
    for campaign in campaigns:
        treated = np.flatnonzero(campaign.treated)
        parts.append(_keys(np.full(len(treated), campaign.starts), _MESSAGE + wants[treated], treated))
        parts.append(_keys(campaign.opened_at, _OPENED + wants[campaign.opened_by], campaign.opened_by))
    keys = np.concatenate(parts)
    keys.sort()
    return keys


def interaction_batches(parameters: Parameters, keys: Integers) -> Iterator[pa.RecordBatch]:
    """Interactions as people's books show them, by and by."""
    start = np.datetime64(parameters.starts_on, "s")
    columns = [pa.array([row[column] for row in KINDS]) for column in range(3)]
    costs = np.zeros(len(KINDS), dtype=np.int64)
    costs[_MESSAGE:_OPENED] = parameters.relations.campaigns.message_costs
    for block, first in enumerate(range(0, len(keys), _ROWS)):
        mine = keys[first : first + _ROWS]
        kind = (mine & 0xFFFFFFFF) >> _CUSTOMER_BITS
        drawn = exponential(uniform(parameters.seed, Purpose.DURATION, block, len(mine)))
        seconds = 1 + (drawn * _MEAN_SECONDS[np.minimum(kind, _COMPLAINT)]).astype(np.int64)
        is_message = pa.array((kind >= _MESSAGE) & (kind < _OPENED))
        cost = decimals(costs[kind], parameters.decimals)
        number = pa.array(np.arange(first + 1, first + 1 + len(mine))).cast(pa.string())
        yield pa.record_batch(
            [
                pc.binary_join_element_wise("I", number, ""),
                customer_ids(mine & _LOW),
                pa.array(start + (mine >> 32)),
                *(column.take(pa.array(kind)) for column in columns),
                pa.array(seconds, mask=kind > _COMPLAINT),
                pc.if_else(is_message, cost, pa.scalar(None, cost.type)),
            ],
            schema=interaction_schema(parameters),
        )


def _keys(second: Integers, kind: Integers, customer: Integers) -> Integers:
    return second << 32 | kind << _CUSTOMER_BITS | customer
