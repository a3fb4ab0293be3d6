"""What happens between the company and its customers besides orders: the laws of it.

Nothing here moves an order. What has to do with leaving or buying is drawn *given* what the customer does, by the very
probabilities that Bayes' rule gives: the joint law is that of a cause and its effect, and the orders of a seed stay
what they are, as do the laws of rate, drop-out and spend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from guanxi.simulate.ranges import require

__all__ = ["CHANNELS", "PLANS", "BadOrders", "Campaigns", "Contracts", "Plan", "Relations", "Visits"]

CHANNELS = ("email", "wechat", "sms")


@dataclass(frozen=True)
class BadOrders:
    """Orders that go wrong, and drive customers away.

    A share π of the orders after which a customer is gone for good were bad, and a share ρ of the others. By Bayes'
    rule the odds that an order is the customer's last are multiplied by [π/(1 − π)] / [ρ/(1 − ρ)] where it was bad,
    whatever his rate and his drop-out: a cause whose effect on the log-odds is known (`log_odds`) and the same for all.

    Parameters
    ----------
    before_leaving : float, above 0 and below 1
        π.
    otherwise : float, above 0 and below 1
        ρ.
    complained : float
        Chance that a bad order brings a complaint by phone, within three days.
    sent_back : float
        Chance that the first line of a bad order is sent back, within thirty days. Above 0 it adds lines "R…" to the
        order file, so that a study that reads nothing else can see the cause; it moves no sale.
    """

    before_leaving: float = 0.30
    otherwise: float = 0.03
    complained: float = 0.8
    sent_back: float = 0.0

    def __post_init__(self) -> None:
        require("before_leaving", self.before_leaving, 1e-6, 1 - 1e-6)
        require("otherwise", self.otherwise, 1e-6, 1 - 1e-6)
        require("complained", self.complained, 0, 1)
        require("sent_back", self.sent_back, 0, 1)

    @property
    def log_odds(self) -> float:
        """By how much a bad order raises the log-odds that it is the last.

        >>> round(BadOrders(before_leaving=0.3, otherwise=0.03).log_odds, 4)
        2.6288
        """
        return math.log(self.before_leaving / (1 - self.before_leaving)) - math.log(
            self.otherwise / (1 - self.otherwise)
        )


@dataclass(frozen=True)
class Visits:
    """Visits of the web shop: more of them by who buys often, fewer and fewer before somebody leaves.

    A customer of rate λ who leaves at τ visits as a Poisson process of intensity κ·w(t)·min(1, (τ − t)/d), κ = v·λ,
    from his first order until he leaves; w is the season.

    Parameters
    ----------
    per_order : float
        v: visits on an ordinary day for every order. Nobody visits more than 600 times in all the days.
    cooling_days : float
        d: for so many days before he leaves, his visits fall evenly to none.
    """

    per_order: float = 4.0
    cooling_days: float = 45.0

    def __post_init__(self) -> None:
        require("per_order", self.per_order, 0, 1000)
        require("cooling_days", self.cooling_days, 0, 3650)


@dataclass(frozen=True)
class Campaigns:
    """Campaigns by message, each with a control group drawn by lot, and their effect on buying.

    Let b be the chance of a customer to order within ``response_days`` by his rate and drop-out alone. Of treated and
    of untreated customers it is

        b₁ = b + (1 − e)·δ·b·(1 − b)   and   b₀ = b − e·δ·b·(1 − b),

    e the share treated: so the effect is b₁ − b₀ = δ·b·(1 − b), and over both arms the chance is b, as the orders say.

    Parameters
    ----------
    first_day, every_days : int
        The first campaign begins at ten o'clock of this day of the books (from 0), the others so many days apart.
    response_days : int
        How long a campaign works; not longer than ``every_days``.
    treated_share : float
        e.
    effect_new, effect_established : float, −1 … 1
        δ of customers who joined less than ``new_within_days`` before the campaign began, and of the others.
    new_within_days : int
    channel_shares : tuple of 3 floats
        How the customers want to be written to: by e-mail, by WeChat, by short message.
    opened_shares : tuple of 3 floats
        Chance that a message is opened within two days, by channel; of who has left a fifth of it.
    message_costs : tuple of 3 ints
        Minor units a message.
    """

    first_day: int = 90
    every_days: int = 60
    response_days: int = 14
    treated_share: float = 0.7
    effect_new: float = 0.9
    effect_established: float = 0.1
    new_within_days: int = 180
    channel_shares: tuple[float, float, float] = (0.5, 0.35, 0.15)
    opened_shares: tuple[float, float, float] = (0.25, 0.5, 0.8)
    message_costs: tuple[int, int, int] = (1, 2, 5)

    def __post_init__(self) -> None:
        require("first_day", self.first_day, 0, 3650)
        require("response_days", self.response_days, 1, 3650)
        require("every_days", self.every_days, self.response_days, 3650)
        require("treated_share", self.treated_share, 0, 1)
        for name in ("effect_new", "effect_established"):
            require(name, getattr(self, name), -1, 1)
        require("new_within_days", self.new_within_days, 0, 3650)
        for share in (*self.channel_shares, *self.opened_shares):
            require("channel_shares, opened_shares", share, 0, 1)
        require("channel_shares", sum(self.channel_shares), 1 - 1e-9, 1 + 1e-9)
        for cost in self.message_costs:
            require("message_costs", cost, 0, 10**6)


@dataclass(frozen=True)
class Plan:
    """A subscription, renewed every thirty days or not.

    A holder cancels at each renewal with his own probability θ ~ Beta(α, β), the shifted-beta-geometric law [1]_: of
    all contracts that reach the t-th renewal, the share (α)/(α + β + t − 1) ends there, t = 1, 2, ….

    Parameters
    ----------
    name : str, of upper-case letters; the code of the product
    share : float, of all customers
    alpha, beta : float, > 0
    price : int, minor units for thirty days

    References
    ----------
    .. [1] Fader & Hardie (2007), How to project customer retention. J. Interactive Marketing 21(1), 76-90.

    Examples
    --------
    >>> [round(Plan("HIGH", 0.1, 0.668, 3.806, 9900).hazard(renewal), 3) for renewal in (1, 2, 12)]
    [0.149, 0.122, 0.043]
    """

    name: str
    share: float
    alpha: float
    beta: float
    price: int

    def __post_init__(self) -> None:
        require("share", self.share, 0, 1)
        require("alpha", self.alpha, 1e-3, 1e6)
        require("beta", self.beta, 1e-3, 1e6)
        require("price", self.price, 1, 10**9)

    def hazard(self, renewal: int) -> float:
        """Share of the contracts that reach a renewal (from 1) and end there, over all holders."""
        return self.alpha / (self.alpha + self.beta + renewal - 1)


PLANS = (Plan("REGULAR", 0.12, 0.704, 1.182, 3_900), Plan("HIGHEND", 0.08, 0.668, 3.806, 9_900))
"""With the parameters that Fader & Hardie (2007) found for the regular and the high-end customers of their example."""


@dataclass(frozen=True)
class Contracts:
    """Subscriptions beside the shop: who has one, and when it ends, has nothing to do with his orders.

    Parameters
    ----------
    plans : tuple of Plan
        A customer holds at most one.
    period_days : int
    begun_within_days : int
        A contract begins on a day drawn evenly from the day of joining on.
    """

    plans: tuple[Plan, ...] = PLANS
    period_days: int = 30
    begun_within_days: int = 60

    def __post_init__(self) -> None:
        require("share", sum(plan.share for plan in self.plans), 0, 1)
        require("period_days", self.period_days, 1, 3650)
        require("begun_within_days", self.begun_within_days, 1, 3650)


@dataclass(frozen=True)
class Relations:
    """All that happens besides orders."""

    bad_orders: BadOrders = field(default_factory=BadOrders)
    visits: Visits = field(default_factory=Visits)
    campaigns: Campaigns = field(default_factory=Campaigns)
    contracts: Contracts = field(default_factory=Contracts)
