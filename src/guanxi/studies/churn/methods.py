"""Which methods the study knows, what they read, and how their effects become reasons."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit, logit

from guanxi.evaluate import log_loss
from guanxi.features.prepare import Clip, Combine, Impute, Normalise, Preparation, Select, Standardise
from guanxi.mining.classify import (
    BucketRate,
    CalibratedClassifier,
    GradientBoosting,
    LogisticRegression,
    reasons_of,
)
from guanxi.studies.churn.timeline import LABEL, PERIOD

__all__ = [
    "BASELINE",
    "THEMES",
    "Model",
    "beside",
    "best_before",
    "candidates",
    "plain_rules",
    "reasons_by_recency",
    "reasons_by_theme",
]

BASELINE = "recency"
Model = CalibratedClassifier | BucketRate
Values = npt.NDArray[np.float64]

THEMES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    # theme: the columns whose effects it adds up; the value of the first is what is told
    "silence": ("days_since_last_order",),
    "rhythm": (
        "mean_days_between_orders", "sd_days_between_orders", "median_days_between_orders", "max_days_between_orders",
    ),
    "frequency": ("orders_365d", "order_days", "orders_90d"),
    "tenure": ("tenure_days",),
    "order_amount": ("mean_order_amount", "amount_365d"),
    "recent_amount": ("amount_90d", "amount_trend"),
    "returns": ("return_share",),
    "variety": ("distinct_products", "distinct_categories", "top_product_share"),
    "weekend": ("weekend_share",),
})  # fmt: skip
_SHARES = ("returns", "weekend")
_SKEWED = (
    "days_since_last_order", "tenure_days", "order_days", "orders_90d", "orders_365d", "amount_90d", "amount_365d",
    "mean_order_amount", "mean_days_between_orders", "sd_days_between_orders", "median_days_between_orders",
    "max_days_between_orders", "distinct_products", "distinct_categories", "return_share",
)  # fmt: skip
_SILENCE = (("silence_ratio", "mean_days_between_orders"), ("silence_to_longest", "max_days_between_orders"))
"""How long he has been away, against his usual and against his longest gap."""


def plain_rules() -> dict[str, BucketRate]:
    """The plain rules, unfitted: the share that left among customers as long away, and the share among all."""
    return {
        BASELINE: BucketRate(column="days_since_last_order", label=LABEL),
        "everybody": BucketRate(column="days_since_last_order", label=LABEL, buckets=1),
    }


def candidates() -> dict[str, CalibratedClassifier]:
    """The methods that may be published, by name, unfitted."""
    ratios = tuple(Combine(name, "days_since_last_order", gap) for name, gap in _SILENCE)
    # Of logarithms, the difference is the ratio.
    differences = tuple(Combine(name, "days_since_last_order", gap, "difference") for name, gap in _SILENCE)
    line = (Normalise(_SKEWED, "log"), *differences, Impute(), Clip(), Standardise(), Select())
    columns = tuple(column for columns in THEMES.values() for column in columns)
    return {
        "logistic": _calibrated(Preparation(steps=line, columns=columns), LogisticRegression(penalty=10.0)),
        "boosting": _calibrated(Preparation(steps=ratios, columns=columns), GradientBoosting()),
    }


def beside() -> dict[str, CalibratedClassifier]:
    """What the lifetime model says, calibrated: shown beside, not published, for it gives no reasons."""
    return {
        name: _calibrated(Preparation(steps=(Standardise(),), columns=(column,)), LogisticRegression())
        for name, column in (("lifetime", "p_no_order"), ("p_alive", "p_alive"))
    }


def best_before(fitted: Mapping[str, CalibratedClassifier]) -> str:
    """The method of the least calibrated log loss on the rows that it had not seen when it was fitted; ties: the first.

    Those rows lie before the date of judgement, so that the choice takes nothing from it.
    """

    def loss(name: str) -> float:
        model = fitted[name]
        odds = model.slope_ * model.unseen_["log_odds"].to_numpy() + model.intercept_
        return log_loss(model.unseen_["label"].to_numpy(), expit(odds)).value

    return min(fitted, key=loss)


def reasons_by_theme(model: CalibratedClassifier, customers: pa.Table) -> pa.Array:
    """The log-odds of leaving as a sum over themes, the strongest first.

    Effects and the model's base add up to the log-odds of the published probability. The value is that of the theme's
    first column: days, purchases, minor units, or per cent.
    """
    parts = model.explain(customers)
    there = [theme for theme, columns in THEMES.items() if any(each in parts.column_names for each in columns)]
    effects = np.column_stack(
        [np.sum([parts[c].to_numpy() for c in THEMES[theme] if c in parts.column_names], axis=0) for theme in there]
    )
    values = np.column_stack([_told(customers, theme) for theme in there])
    codes = np.broadcast_to(np.array([f"churn.reason_{theme}" for theme in there], dtype=object), effects.shape).copy()
    if "rhythm" in there:
        # Who bought on one day has no rhythm to tell: that he has none is the reason.
        place = there.index("rhythm")
        once = np.isnan(values[:, place])
        codes[once, place] = "churn.reason_one_day"
        values[once, place] = 1.0
    return reasons_of(codes.tolist(), values, effects)


def reasons_by_recency(model: BucketRate, customers: pa.Table) -> pa.Array:
    """The baseline's only reason: how much more or less likely than on average those as long away leave."""
    share = np.clip(model.predict(customers)["probability"].to_numpy(), 1e-9, 1 - 1e-9)
    effects = logit(share) - logit(np.clip(model.overall_, 1e-9, 1 - 1e-9))
    return reasons_of(["churn.reason_silence"], _told(customers, "silence")[:, None], effects[:, None])


def _told(customers: pa.Table, theme: str) -> Values:
    column = pc.cast(customers[THEMES[theme][0]], pa.float64())
    if theme in _SHARES:
        return np.array(100 * pc.fill_null(column, 0.0).to_numpy())
    empty = np.nan if theme == "rhythm" else 0.0
    return np.array(pc.fill_null(column, empty).to_numpy())


def _calibrated(preparation: Preparation, method: LogisticRegression | GradientBoosting) -> CalibratedClassifier:
    return CalibratedClassifier(preparation=preparation, method=method, label=LABEL, period=PERIOD)
