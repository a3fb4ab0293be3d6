"""What the company notes beside its order lines: touches, campaigns, contracts; and what is true of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.simulate.baskets import ORDERS_PER_BLOCK, draw_lines
from guanxi.simulate.books import MONEY_DIGITS, customer_ids, decimals
from guanxi.simulate.campaigns import Campaign, channels, draw_campaigns
from guanxi.simulate.contracts import Subscriptions, draw_subscriptions
from guanxi.simulate.customers import Population
from guanxi.simulate.experience import OwnOrders, own_orders
from guanxi.simulate.interactions import interaction_batches, interaction_keys
from guanxi.simulate.pairs import true_pairs
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Integers
from guanxi.simulate.relations import CHANNELS
from guanxi.simulate.visits import leaves_at, visits_per_day
from guanxi.words import say

__all__ = ["EFFECT_SCHEMA", "Ledger", "response_schema", "treatment_schema"]


EFFECT_SCHEMA = pa.schema([
    ("campaign_id", pa.string()), ("customer_id", pa.string()), ("is_new", pa.bool_()),
    ("probability_treated", pa.float64()), ("probability_control", pa.float64()),
])  # fmt: skip


def treatment_schema(parameters: Parameters) -> pa.Schema:
    """Columns of `Ledger.treatments`."""
    return pa.schema([
        ("campaign_id", pa.string()), ("customer_id", pa.string()), ("arm", pa.string()), ("is_control", pa.bool_()),
        ("channel", pa.string()), ("treated_at", pa.timestamp("s")),
        ("cost", pa.decimal128(MONEY_DIGITS, parameters.decimals)),
    ])  # fmt: skip


def response_schema(parameters: Parameters) -> pa.Schema:
    """Columns of `Ledger.responses`."""
    return pa.schema([
        ("campaign_id", pa.string()), ("customer_id", pa.string()), ("kind", pa.string()),
        ("responded_at", pa.timestamp("s")), ("amount", pa.decimal128(MONEY_DIGITS, parameters.decimals)),
    ])  # fmt: skip


class Ledger:
    """Tables of what happens between a company and its customers besides orders; made by `Company.ledger`.

    Columns are named as in the canonical tables (`guanxi.schema`); times are the shop's wall clock, money is decimal in
    the company's currency. What is noted is what a company can know; ``true_…`` is what it cannot.

    Notes
    -----
    Everything is made when it is first asked for. O(interactions) time, eight bytes an interaction and about forty an
    order and a customer × campaign; the purchases in `responses` need the lines of the orders that fall into campaigns.
    """

    def __init__(self, parameters: Parameters, population: Population, keys: Integers) -> None:
        self._parameters = parameters
        self._population = population
        self._keys = keys

    @property
    def touches(self) -> int:
        """How many interactions there are."""
        return len(self._touches)

    def interactions(self) -> Iterator[pa.RecordBatch]:
        """Every touch in time order.

        Returns
        -------
        iterator of record batches, one row a touch, key interaction_id
            interaction_id, customer_id : string
            happened_at : timestamp[s]
            channel : string, web, phone, email, wechat or sms
            kind : string, visit, complaint, message or opened
            direction : string, inbound or outbound
            duration_seconds : int64, of visits and complaints
            cost : decimal, of messages
        """
        return interaction_batches(self._parameters, self._touches)

    def campaigns(self) -> pa.Table:
        """One row a campaign, key campaign_id: name, goal, starts_at, ends_at, cost (of all its messages)."""
        language = "zh" if self._parameters.language == "zh" else "en"
        made = self._campaigns
        cost = [int(self._costs(each)[each.treated].sum()) for each in made]
        return pa.table({
            "campaign_id": pa.array([_id_of(each) for each in made], pa.string()),
            "name": pa.array(
                [say("simulate.campaign", language, number=each.number + 1) for each in made], pa.string()
            ),
            "goal": pa.array(["order"] * len(made), pa.string()),
            "starts_at": self._at([each.starts for each in made]),
            "ends_at": self._at([each.ends for each in made]),
            "cost": decimals(np.array(cost, dtype=np.int64), self._parameters.decimals),
        })  # fmt: skip

    def treatments(self) -> Iterator[pa.Table]:
        """One row a customer × campaign, the control group included.

        Returns
        -------
        iterator of tables, one a campaign, key (campaign_id, customer_id)
            campaign_id, customer_id : string
            arm : string, message or control
            is_control : bool
            channel, treated_at, cost : string, timestamp[s], decimal; empty for the control group
        """
        return (self._treatments(each) for each in self._campaigns)

    def responses(self) -> Iterator[pa.Table]:
        """Messages opened, and the first order of each customer within the days of a campaign, in both arms.

        Returns
        -------
        iterator of tables, one a campaign, key (campaign_id, customer_id, kind)
            campaign_id, customer_id : string
            kind : string, opened or order
            responded_at : timestamp[s]
            amount : decimal, of orders
        """
        return (self._responses(each) for each in self._campaigns)

    def accounts(self) -> pa.Table:
        """One row a contract, key account_id: kind, product_id (the plan), opened_on, closed_on, currency."""
        held = self._contracts
        names = pa.array([plan.name for plan in self._parameters.relations.contracts.plans], pa.string())
        ended = held.ended_day(self._parameters)
        return pa.table({
            "account_id": self._account_ids(),
            "kind": pa.array(["subscription"] * len(held.customer), pa.string()),
            "product_id": names.take(pa.array(held.plan)),
            "opened_on": self._on(held.begun_day),
            "closed_on": self._on(ended, mask=ended >= self._parameters.days),
            "currency": pa.array([self._parameters.currency] * len(held.customer), pa.string()),
        })  # fmt: skip

    def holdings(self) -> pa.Table:
        """One row a customer × contract, key (customer_id, account_id): role, since_on, until_on."""
        accounts = self.accounts()
        return pa.table({
            "customer_id": customer_ids(self._contracts.customer),
            "account_id": accounts["account_id"],
            "role": pa.array(["holder"] * accounts.num_rows, pa.string()),
            "since_on": accounts["opened_on"],
            "until_on": accounts["closed_on"],
        })  # fmt: skip

    def contracts(self) -> pa.Table:
        """Accounts and holdings as a company exports them, one row a contract, with the price of a period."""
        accounts, plans = self.accounts(), self._parameters.relations.contracts.plans
        price = np.array([plan.price for plan in plans], dtype=np.int64)[self._contracts.plan]
        return pa.table({
            "account_id": accounts["account_id"],
            "customer_id": customer_ids(self._contracts.customer),
            "plan": accounts["product_id"],
            "opened_on": accounts["opened_on"],
            "closed_on": accounts["closed_on"],
            "period_price": decimals(price, self._parameters.decimals),
        })  # fmt: skip

    def true_contracts(self) -> pa.Table:
        """One row a contract: account_id, customer_id, plan, cancellation_probability (θ), periods (in the end)."""
        contracts = self.contracts().select(["account_id", "customer_id", "plan"])
        return contracts.append_column(
            "cancellation_probability", pa.array(self._contracts.cancellation)
        ).append_column("periods", pa.array(self._contracts.periods))  # fmt: skip

    def true_effects(self) -> Iterator[pa.Table]:
        """What each campaign does to each customer, whether or not he was treated.

        Returns
        -------
        iterator of tables, one a campaign, key (campaign_id, customer_id)
            campaign_id, customer_id : string
            is_new : bool, joined less than ``new_within_days`` before the campaign
            probability_treated, probability_control : float64, of an order within the campaign's days
        """
        return (self._true_effects(each) for each in self._campaigns)

    def true_bad_orders(self) -> pa.Table:
        """One row a bad order, key (customer_id, ordered_at): is_last, whether the customer never ordered again."""
        orders = self._orders
        bad = orders.is_bad
        return pa.table({
            "customer_id": customer_ids(orders.customer[bad]),
            "ordered_at": self._at(orders.second[bad]),
            "is_last": orders.is_last[bad],
        })  # fmt: skip

    def true_customers(self) -> dict[str, pa.Array]:
        """Columns for the truth, one entry a customer by number: visits_per_day (κ), bad_orders, last_order_bad."""
        orders, count = self._orders, len(self._population)
        last = np.zeros(count, dtype=np.bool_)
        last[orders.customer] = orders.is_bad  # in time order: the last one stays
        return {
            "visits_per_day": pa.array(visits_per_day(self._parameters, self._population)),
            "bad_orders": pa.array(np.bincount(orders.customer[orders.is_bad], minlength=count)),
            "last_order_bad": pa.array(last),
        }

    def true_pairs(self) -> pa.Table:
        """Expected support and lift of every pair of products: see `guanxi.simulate.pairs.true_pairs`."""
        return true_pairs(self._parameters, self._population, self._keys)

    @cached_property
    def _orders(self) -> OwnOrders:
        return own_orders(self._parameters, self._population, self._keys)

    @cached_property
    def _leaves(self) -> Integers:
        orders, count = self._orders, len(self._population)
        last = np.zeros(count, dtype=np.int64)
        last[orders.customer] = orders.second
        made = np.bincount(orders.customer, minlength=count)
        return leaves_at(self._parameters, self._population, last, made)

    @cached_property
    def _campaigns(self) -> list[Campaign]:
        return list(draw_campaigns(self._parameters, self._population, self._orders, self._leaves))

    @cached_property
    def _channels(self) -> Integers:
        return channels(self._parameters, self._population)

    @cached_property
    def _touches(self) -> Integers:
        return interaction_keys(self._parameters, self._population, self._orders, self._leaves, self._campaigns)

    @cached_property
    def _contracts(self) -> Subscriptions:
        return draw_subscriptions(self._parameters, self._population)

    def _treatments(self, campaign: Campaign) -> pa.Table:
        count = len(campaign.treated)
        untreated = ~campaign.treated
        cost = decimals(self._costs(campaign), self._parameters.decimals)
        channel = pa.array(CHANNELS).take(pa.array(self._channels[:count], mask=untreated))
        return pa.table(
            [
                pa.repeat(_id_of(campaign), count),
                customer_ids(np.arange(count)),
                pa.array(["message", "control"]).take(pa.array(untreated.astype(np.int64))),
                pa.array(untreated),
                channel,
                self._at(np.full(count, campaign.starts), mask=untreated),
                pc.if_else(pa.array(untreated), pa.scalar(None, cost.type), cost),
            ],
            schema=treatment_schema(self._parameters),
        )

    def _responses(self, campaign: Campaign) -> pa.Table:
        orders, opened = campaign.first_order, len(campaign.opened_by)
        who = np.concatenate((campaign.opened_by, campaign.ordered_by))
        second = np.concatenate((campaign.opened_at, self._orders.second[orders]))
        amount = np.concatenate((np.zeros(opened, dtype=np.int64), self._amounts(self._orders.place[orders])))
        is_order = np.arange(len(who)) >= opened
        money = decimals(amount, self._parameters.decimals)
        found = pa.table(
            [
                pa.repeat(_id_of(campaign), len(who)),
                customer_ids(who),
                pa.array(["opened", "order"]).take(pa.array(is_order.astype(np.int64))),
                self._at(second),
                pc.if_else(pa.array(is_order), money, pa.scalar(None, money.type)),
            ],
            schema=response_schema(self._parameters),
        )
        return found.take(pa.array(np.lexsort((is_order, who, second))))

    def _true_effects(self, campaign: Campaign) -> pa.Table:
        count, share = len(campaign.base), self._parameters.relations.campaigns.treated_share
        return pa.table(
            [
                pa.repeat(_id_of(campaign), count),
                customer_ids(np.arange(count)),
                pa.array(campaign.is_new),
                pa.array(campaign.base + (1 - share) * campaign.effect),
                pa.array(campaign.base - share * campaign.effect),
            ],
            schema=EFFECT_SCHEMA,
        )

    def _amounts(self, places: Integers) -> Integers:
        """What orders come to in minor units, postage and oddities apart; only their blocks are drawn."""
        amounts = np.zeros(len(places), dtype=np.int64)
        block_of = places // ORDERS_PER_BLOCK
        for block in np.unique(block_of).tolist():
            first = block * ORDERS_PER_BLOCK
            mine = block_of == block
            keys = self._keys[first : first + ORDERS_PER_BLOCK]
            lines = draw_lines(self._parameters, self._population, keys, block)
            begins = np.searchsorted(lines["order"], np.arange(len(keys)))
            amounts[mine] = np.add.reduceat(lines["quantity"] * lines["price"], begins)[places[mine] - first]
        return amounts

    def _costs(self, campaign: Campaign) -> Integers:
        """Of a message to each customer."""
        costs = np.array(self._parameters.relations.campaigns.message_costs, dtype=np.int64)
        return costs[self._channels[: len(campaign.treated)]]

    def _account_ids(self) -> pa.Array:
        numbers = pa.array(self._contracts.customer + 700_001).cast(pa.string())
        return pc.binary_join_element_wise("S", numbers, "")

    def _at(self, seconds: Integers | list[int], mask: np.ndarray | None = None) -> pa.Array:
        start = np.datetime64(self._parameters.starts_on, "s")
        return pa.array(start + np.array(seconds, dtype=np.int64), pa.timestamp("s"), mask=mask)

    def _on(self, days: Integers, mask: np.ndarray | None = None) -> pa.Array:
        start = np.datetime64(self._parameters.starts_on, "D")
        return pa.array(start + days, pa.date32(), mask=mask)


def _id_of(campaign: Campaign) -> str:
    return f"C{campaign.number + 1:02d}"
