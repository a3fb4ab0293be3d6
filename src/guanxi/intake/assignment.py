"""Giving each of some things at most one of others so that the sum of what this is worth is greatest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["best_assignment"]


def best_assignment(worth: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of row and column, none twice, as many as the shorter side has, of which the sum is greatest.

    For the handful of roles that the columns of a file can have. `scipy.optimize.linear_sum_assignment` gives the same
    pairs, also among equals, and takes a second to import.

    Parameters
    ----------
    worth : finite, one row a thing, one column each of what it can be given

    Returns
    -------
    list of (row, column), by row

    Notes
    -----
    Shortest augmenting paths [1]_: O(shorter side² × longer side).

    References
    ----------
    .. [1] Crouse (2016), IEEE Transactions on Aerospace and Electronic Systems 52(4), 1679-1696.

    Examples
    --------
    >>> best_assignment(np.array([[3.0, 2.0, 0.0], [3.0, 0.0, 0.0]]))
    [(0, 1), (1, 0)]
    """
    if worth.shape[0] > worth.shape[1]:
        return sorted((row, column) for column, row in best_assignment(worth.T))
    cost = -worth
    rows, columns = cost.shape
    of_row, of_column = np.full(rows, -1), np.full(columns, -1)
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    for start in range(rows):
        lengths, came_from = np.full(columns, np.inf), np.full(columns, -1)
        reached_rows, reached_columns = [], []
        left = np.arange(columns)[::-1].copy()
        row, length, end = start, 0.0, -1
        while end < 0:
            reached_rows.append(row)
            through = length + cost[row, left] - row_price[row] - column_price[left]
            shorter = through < lengths[left]
            lengths[left[shorter]], came_from[left[shorter]] = through[shorter], row
            length = lengths[left].min()
            ties = np.flatnonzero(lengths[left] == length)
            free = ties[of_column[left[ties]] < 0]
            # Of columns equally near one that is free ends the path.
            place = int(free[-1] if free.size else ties[0])
            column = int(left[place])
            reached_columns.append(column)
            left[place] = left[-1]
            left = left[:-1]
            if of_column[column] < 0:
                end = column
            else:
                row = int(of_column[column])
        for other in reached_rows:
            row_price[other] += length - (lengths[of_row[other]] if other != start else 0.0)
        column_price[reached_columns] -= length - lengths[reached_columns]
        column = end
        while True:
            row = int(came_from[column])
            of_column[column] = row
            of_row[row], column = column, int(of_row[row])
            if row == start:
                break
    return [(row, int(column)) for row, column in enumerate(of_row)]
