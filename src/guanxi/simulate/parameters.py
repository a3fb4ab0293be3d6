"""What defines a simulated company: its size, its kinds of customers, and how untidy its books are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Literal

from guanxi.errors import SettingError
from guanxi.simulate.ranges import require
from guanxi.simulate.relations import Relations
from guanxi.words import currency_digits

__all__ = [
    "DISCOUNT_BUYERS",
    "ONE_SEGMENT",
    "SEGMENTS",
    "Dirt",
    "Dropout",
    "Language",
    "Parameters",
    "Segment",
]

Language = Literal["mixed", "zh", "en"]
Dropout = Literal["pareto", "geometric"]

EVERYDAY_MONTHS = (1.10, 0.80, 0.90, 0.95, 1.00, 1.05, 0.90, 0.85, 1.00, 1.05, 1.30, 1.10)
GIFT_MONTHS = (1.90, 0.70, 0.50, 0.50, 0.80, 0.80, 0.50, 0.70, 1.70, 0.90, 1.00, 2.00)


@dataclass(frozen=True)
class Segment:
    """One kind of customers, with the laws that its members' own parameters are drawn from. Rates are per day.

    Parameters
    ----------
    name : str
    share : float
        Of all customers.
    rate_shape, rate_scale_days : float
        A member's orders a day λ ~ Gamma(shape r, rate α): mean r/α.
    dropout_shape, dropout_scale_days : float
        Dropout "pareto": a member's drop-out rate μ ~ Gamma(shape s, rate β).
    dropout_a, dropout_b : float
        Dropout "geometric": a member's chance p ~ Beta(a, b) to leave after each repeat order.
    spend_shape, spend_spread, spend_mean : float
        Order value ~ Gamma(p, ν), ν ~ Gamma(q, γ): p, q > 1, and the mean of all members' order values in minor units,
        which is pγ/(q − 1).
    lines_mean : float
        Lines of an order, 1 + Poisson(lines_mean − 1), before the budget ends and products drawn twice are merged.
    price_level : float
        What members tend to pay of the list price; a bargain hunter buys what is reduced.
    favourite_share, second_share : float
        Chance that a line is of the member's favourite and of his second category.
    months : tuple of 12 floats
        The yearly season; scaled to a mean of 1.
    """

    name: str
    share: float
    rate_shape: float
    rate_scale_days: float
    dropout_shape: float
    dropout_scale_days: float
    dropout_a: float
    dropout_b: float
    spend_mean: float
    spend_shape: float = 6.0
    spend_spread: float = 6.0
    lines_mean: float = 4.0
    price_level: float = 1.0
    favourite_share: float = 0.45
    second_share: float = 0.20
    months: tuple[float, ...] = EVERYDAY_MONTHS

    @property
    def spend_scale(self) -> float:
        """γ of the spend law."""
        return self.spend_mean * (self.spend_spread - 1) / self.spend_shape


SEGMENTS: tuple[Segment, ...] = (
    Segment("loyal", 0.15, 4.0, 105.0, 0.8, 1500.0, 0.8, 40.0, 26_000, lines_mean=5.5),
    Segment(
        "bargain", 0.30, 1.2, 75.0, 0.8, 250.0, 0.8, 5.0, 11_000,
        lines_mean=3.4, price_level=0.8, favourite_share=0.25, second_share=0.15,
    ),
    Segment("regular", 0.25, 1.5, 85.0, 0.7, 500.0, 0.8, 8.0, 17_000),
    Segment("one_off", 0.20, 0.5, 100.0, 3.0, 10.0, 8.0, 1.0, 12_000, lines_mean=2.5),
    Segment(
        "gift", 0.10, 1.5, 150.0, 0.6, 700.0, 0.8, 10.0, 42_000,
        lines_mean=3.0, favourite_share=0.60, months=GIFT_MONTHS,
    ),
)  # fmt: skip
"""The planted segments: loyal and heavy, bargain hunters, regular, bought once, and gift buyers before the feasts."""

ONE_SEGMENT: tuple[Segment, ...] = (
    Segment("everyone", 1.0, 1.5, 75.0, 0.9, 300.0, 0.8, 6.0, 17_000, months=(1.0,) * 12),
)
"""All customers of one law and without a yearly season: what the lifetime models of the books assume."""

DISCOUNT_BUYERS: tuple[Segment, ...] = (
    replace(ONE_SEGMENT[0], name="full_price", share=0.6),
    replace(ONE_SEGMENT[0], name="discount", share=0.4, dropout_scale_days=75.0, dropout_b=1.5, price_level=0.75),
)
"""`ONE_SEGMENT`, of whom two in five buy at three quarters of the list price and leave four times as fast: a Gamma law
of a quarter of the scale β is one of four times the rate μ, so that with dropout "pareto" the hazard ratio is 4."""


@dataclass(frozen=True)
class Dirt:
    """How untidy the books are. Nothing of it touches the customers' truth: tidied rightly, the file gives it back.

    Parameters
    ----------
    guest_orders : float
        Share of all orders that are made without a customer number, by nobody of the known customers.
    repeated_lines : float
        Chance of a line to be there twice, alike.
    mistaken_orders : float
        Chance of an order to be entered twice; the second is taken back by a cancellation ("C…") within two days.
    postage_lines : float
        Chance of an order to have a line of postage.
    test_orders : float
        Test orders of the staff, per order.
    """

    guest_orders: float = 0.0
    repeated_lines: float = 0.0
    mistaken_orders: float = 0.0
    postage_lines: float = 0.0
    test_orders: float = 0.0

    @classmethod
    def like_a_shop(cls, share: float) -> Dirt:
        """``share`` of guest orders and the rest in proportion, as one meets them; 0.2 is a real, untidy shop."""
        return cls(share, share / 10, share / 10, share / 2, share / 100)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """All that a company is made from; `SettingError` names what is out of range."""

    customers: int
    seed: int
    days: int = 730
    starts_on: dt.date = dt.date(2024, 1, 1)
    language: Language = "mixed"
    currency: str = "CNY"
    segments: tuple[Segment, ...] = SEGMENTS
    dropout: Dropout = "pareto"
    growth: float = 0.5
    """By how much more customers arrive a day at the end than at the start."""
    return_share: float = 0.02
    """Chance of a line to be sent back, within thirty days."""
    dirt: Dirt = field(default_factory=Dirt)
    relations: Relations = field(default_factory=Relations)

    def __post_init__(self) -> None:
        require("customers", self.customers, 1, 100_000_000)
        require("seed", self.seed, 0, 2**63 - 1)
        require("days", self.days, 1, 3650)
        require("growth", self.growth, 0, 100)
        require("return_share", self.return_share, 0, 1)
        for name in ("repeated_lines", "mistaken_orders", "postage_lines", "test_orders"):
            require(name, getattr(self.dirt, name), 0, 1)
        require("guest_orders", self.dirt.guest_orders, 0, 0.9)
        require("language", self.language, choices=("mixed", "zh", "en"))
        require("dropout", self.dropout, choices=("pareto", "geometric"))
        for segment in self.segments:
            require("share", segment.share, 0, 1)
            require("months", len(segment.months), 12, 12)
            for name in (
                "rate_shape", "rate_scale_days", "dropout_shape", "dropout_scale_days", "dropout_a", "dropout_b",
                "spend_shape", "price_level",
            ):  # fmt: skip
                require(name, getattr(segment, name), 1e-3, 1e6)
            require("spend_spread", segment.spend_spread, 1.001, 1e6)
            require("spend_mean", segment.spend_mean, 1, 1e7)
            require("lines_mean", segment.lines_mean, 1, 20)
        total = sum(segment.share for segment in self.segments)
        if abs(total - 1) > 1e-9:
            raise SettingError("simulate.shares_do_not_add_up", total=total)

    @property
    def decimals(self) -> int:
        """Digits of money behind the point."""
        return currency_digits(self.currency)

    @property
    def seconds(self) -> int:
        return self.days * 86_400
