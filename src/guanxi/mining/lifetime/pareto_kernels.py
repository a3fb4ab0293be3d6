"""Loops of the Pareto/NBD likelihood, compiled by `guanxi.compiled`.

Of each history there is a row of nodes: the first is that the customer is active at the cut-off, each other one that he
left on a day in between. Exponentials and logarithms are taken of whole blocks between the loops, where numpy has them
in vector instructions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KERNELS = ("place_nodes", "days_at_nodes", "terms_at_nodes", "add_up")
REASSOCIATE = True

Values = npt.NDArray[np.float64]


def place_nodes(squared: Values, span: Values, place: Values) -> None:
    """The logarithm of each node's day, counted from where the integral starts."""
    for history in range(len(span)):
        place[history, 0] = 0.0
        for node in range(len(squared)):
            place[history, node + 1] = span[history] * squared[node]


def days_at_nodes(
    grown: Values, recency: Values, age: Values, start: Values, parameters: Values, by_rate: Values, by_stay: Values
) -> None:
    """α and β plus the days until leaving, or until the cut-off; ``grown`` is e to the power of the place."""
    _, alpha, _, beta = parameters
    for history in range(len(age)):
        for node in range(1, grown.shape[1]):
            days = recency[history] + start[history] * (grown[history, node] - 1)
            by_rate[history, node] = alpha + days
            by_stay[history, node] = beta + days
        by_rate[history, 0] = alpha + age[history]
        by_stay[history, 0] = beta + age[history]


def terms_at_nodes(
    x: Values, log_scale: Values, log_weight: Values, place: Values, log_rate: Values, log_stay: Values,
    parameters: Values, terms: Values, top: Values,
) -> None:  # fmt: skip
    """Logarithms of what the nodes add to the likelihood, less their greatest, which goes to ``top``."""
    r, alpha, s, beta = parameters
    always = r * np.log(alpha) + s * np.log(beta)
    log_s = np.log(s)
    for history in range(len(x)):
        total = r + x[history]
        terms[history, 0] = always - total * log_rate[history, 0] - s * log_stay[history, 0]
        left = always + log_s + log_scale[history]
        for node in range(1, terms.shape[1]):
            terms[history, node] = (
                left + log_weight[node - 1] + place[history, node]
                - total * log_rate[history, node] - (s + 1) * log_stay[history, node]
            )  # fmt: skip
        most = terms[history, 0]
        for node in range(1, terms.shape[1]):
            most = max(most, terms[history, node])
        top[history] = most
        for node in range(terms.shape[1]):
            terms[history, node] -= most


def add_up(  # noqa: PLR0915 (one pass)
    x: Values, count: Values, top: Values, share: Values, rate: Values, stay: Values, log_rate: Values,
    log_stay: Values, parameters: Values, gradient: Values, hessian: Values,
) -> float:  # fmt: skip
    """The log-likelihood of the block; its slopes and bends are added to ``gradient`` and the upper ``hessian``.

    Those of a sum of exponentials: the mean slope, and the mean bend with the variance of the slopes.
    """
    r, alpha, s, beta = parameters
    log_alpha, log_beta = np.log(alpha), np.log(beta)
    value = 0.0
    for history in range(len(x)):
        total = r + x[history]
        # That he is active differs from having left on that day by what the hazard of leaving adds.
        here = share[history, 0]
        of_rate, of_stay = 1 / rate[history, 0], 1 / stay[history, 0]
        a = log_alpha - log_rate[history, 0]
        b = r / alpha - total * of_rate
        c = log_beta - log_stay[history, 0]
        d = s / beta - s * of_stay
        weight, m0, m1, m2, m3 = here, here * a, here * b, here * c, here * d
        q00, q01, q02, q03 = here * a * a, here * a * b, here * a * c, here * a * d
        q11, q12, q13 = here * b * b, here * b * c, here * b * d
        q22, q23, q33 = here * c * c, here * c * d, here * d * d
        n01, n11 = here * of_rate, here * of_rate * of_rate
        n23, n33 = here * of_stay, here * s * of_stay * of_stay
        for node in range(1, share.shape[1]):
            w = share[history, node]
            of_rate, of_stay = 1 / rate[history, node], 1 / stay[history, node]
            a = log_alpha - log_rate[history, node]
            b = r / alpha - total * of_rate
            c = 1 / s + log_beta - log_stay[history, node]
            d = s / beta - (s + 1) * of_stay
            weight += w
            wa, wb, wc, wd = w * a, w * b, w * c, w * d
            m0 += wa
            m1 += wb
            m2 += wc
            m3 += wd
            q00 += wa * a
            q01 += wa * b
            q02 += wa * c
            q03 += wa * d
            q11 += wb * b
            q12 += wb * c
            q13 += wb * d
            q22 += wc * c
            q23 += wc * d
            q33 += wd * d
            n01 += w * of_rate
            n11 += w * of_rate * of_rate
            n23 += w * of_stay
            n33 += w * (s + 1) * of_stay * of_stay
        customers = count[history]
        value += customers * (top[history] + np.log(weight))
        each = customers / weight
        m0, m1, m2, m3 = m0 / weight, m1 / weight, m2 / weight, m3 / weight
        gradient[0] += customers * m0
        gradient[1] += customers * m1
        gradient[2] += customers * m2
        gradient[3] += customers * m3
        hessian[0, 0] += each * q00 - customers * m0 * m0
        hessian[0, 1] += each * (q01 - n01) + customers * (1 / alpha - m0 * m1)
        hessian[0, 2] += each * q02 - customers * m0 * m2
        hessian[0, 3] += each * q03 - customers * m0 * m3
        hessian[1, 1] += each * (q11 + total * n11) - customers * (m1 * m1 + r / (alpha * alpha))
        hessian[1, 2] += each * q12 - customers * m1 * m2
        hessian[1, 3] += each * q13 - customers * m1 * m3
        hessian[2, 2] += each * (q22 - (weight - here) / (s * s)) - customers * m2 * m2
        hessian[2, 3] += each * (q23 - n23) + customers * (1 / beta - m2 * m3)
        hessian[3, 3] += each * (q33 + n33) - customers * (m3 * m3 + s / (beta * beta))
    return value
