"""Numbers into classes: of equal width, of equal frequency, or cut where the label changes (entropy with MDL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from guanxi.errors import SettingError
from guanxi.features.prepare.frame import Frame, Labels, Numbers
from guanxi.features.prepare.step import State, Step, named_numbers, one_of, said
from guanxi.words import Message

__all__ = ["Discretise", "classes_of", "entropy_cuts"]


@dataclass(frozen=True)
class Discretise(Step):
    """Replace numbers by the place of their class, 0, 1, 2 …; empty stays empty.

    ``width``: ``bins`` classes equally wide over the past's range. ``frequency``: ``bins`` classes of about as many
    customers of the past each (equal values share a class, so there may be fewer). ``entropy``: cut by `entropy_cuts`,
    as often as the label justifies: a column without any cut becomes 0 throughout.
    """

    columns: tuple[str, ...] = ()
    how: Literal["width", "frequency", "entropy"] = "frequency"
    bins: int = 5

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        return self.how == "entropy"

    def learn(self, frame: Frame, label: Labels | None) -> State:
        one_of("how", self.how, ("width", "frequency", "entropy"))
        if self.bins < 2:
            raise SettingError("errors.at_least", name="bins", least=2, value=self.bins)
        found = named_numbers(frame, self.columns)
        cuts = {name: self._cuts(values, label) for name, values in found.items()}
        return {"columns": list(found), "cuts": cuts}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = named_numbers(frame, tuple(state["columns"]))
        return frame.with_numbers({name: classes_of(values, state["cuts"][name]) for name, values in found.items()})

    def describe(self) -> Message:
        if self.how == "entropy":
            return Message("prepare.discretise_entropy", {"columns": said(self.columns)})
        return Message(f"prepare.discretise_{self.how}", {"columns": said(self.columns), "bins": self.bins})

    def _cuts(self, values: Numbers, label: Labels | None) -> Numbers:
        there = ~np.isnan(values)
        if not there.any():
            return np.zeros(0)
        if self.how == "entropy":
            assert label is not None
            return entropy_cuts(values[there], label[there])
        if self.how == "width":
            low, high = float(values[there].min()), float(values[there].max())
            inner = np.linspace(low, high, self.bins + 1)[1:-1]
            return np.unique(inner) if high > low else np.zeros(0)
        cuts = np.unique(np.quantile(values[there], np.arange(1, self.bins) / self.bins, method="inverted_cdf"))
        return cuts[cuts < values[there].max()]


def classes_of(values: Numbers, cuts: Numbers) -> Numbers:
    """The class of each value: a class reaches up to its cut, the cut included; NaN stays NaN.

    >>> classes_of(np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0])).tolist()
    [0.0, 0.0, 1.0, nan]
    """
    return np.where(np.isnan(values), np.nan, np.searchsorted(cuts, values, side="left").astype(np.float64))


def entropy_cuts(values: Numbers, label: npt.NDArray[np.int64]) -> Numbers:
    """Where to cut a column so that the label is purest, as often as the minimum description length justifies.

    Parameters
    ----------
    values : float64 array of shape (customers,), no NaN
    label : int64 array of the same shape, 0 or 1

    Returns
    -------
    float64 array of cuts, ascending: midpoints between neighbouring values; empty where no cut pays.

    Notes
    -----
    A set S of n is cut into S1, S2 at the least class entropy, if the gain exceeds
    (log2(n − 1) + log2(3^k − 2) − k·E(S) + k1·E(S1) + k2·E(S2)) / n, with k, k1, k2 the number of labels in each; then
    each part again [1]_. O(n log n) for the sort, O(distinct values) per cut.

    References
    ----------
    .. [1] Fayyad & Irani (1993), Multi-interval discretization of continuous-valued attributes for classification
       learning. Proceedings of IJCAI-93, 1022-1027.

    Examples
    --------
    >>> entropy_cuts(np.arange(20.0), (np.arange(20) >= 12).astype(np.int64)).tolist()
    [11.5]
    """
    distinct, place = np.unique(values, return_inverse=True)
    counts = np.zeros((len(distinct), 2))
    np.add.at(counts, (place, label), 1)
    below = np.concatenate([np.zeros((1, 2)), np.cumsum(counts, axis=0)])
    found: list[float] = []
    waiting = [(0, len(distinct))]
    while waiting:
        first, last = waiting.pop()
        cut = _best_cut(below, first, last)
        if cut is not None:
            found.append(float((distinct[cut - 1] + distinct[cut]) / 2))
            waiting += [(first, cut), (cut, last)]
    return np.array(sorted(found))


def _best_cut(below: Numbers, first: int, last: int) -> int | None:
    """The place of the cut within distinct values ``first`` … ``last`` that pays, the lowest of equal ones."""
    if last - first < 2:
        return None
    whole = below[last] - below[first]
    places = np.arange(first + 1, last)
    left, right = below[places] - below[first], below[last] - below[places]
    n = whole.sum()
    e_left, e_right = _entropy(left), _entropy(right)
    weighted = (left.sum(axis=1) * e_left + right.sum(axis=1) * e_right) / n
    # Rounded, so that of cuts equally good it is the lowest whatever the last digit says.
    best = int(np.argmin(weighted.round(12)))
    e_whole = float(_entropy(whole[None])[0])
    k, k_left, k_right = ((side > 0).sum() for side in (whole, left[best], right[best]))
    price = np.log2(3.0**k - 2) - k * e_whole + k_left * e_left[best] + k_right * e_right[best]
    return int(places[best]) if e_whole - weighted[best] > (np.log2(n - 1) + price) / n else None


def _entropy(counts: Numbers) -> Numbers:
    shares = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=1))
