"""A company whose truth is known: order files like a shop's own, for tests, benchmarks and the first try."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from guanxi.progress import Progress
from guanxi.simulate.books import Account, line_schema, numbered_lines, to_arrow
from guanxi.simulate.customers import draw_population
from guanxi.simulate.experience import draw_sent_back
from guanxi.simulate.files import Format, table_writer, write_json, write_table
from guanxi.simulate.ledger import Ledger
from guanxi.simulate.orders import draw_order_keys
from guanxi.simulate.parameters import SEGMENTS, Dirt, Dropout, Language, Parameters, Segment
from guanxi.simulate.ranges import require
from guanxi.simulate.relations import Relations
from guanxi.simulate.relations_files import write_relations
from guanxi.simulate.truth import (
    customer_batches,
    customer_schema,
    parameters_as_data,
    products,
    true_customers,
)

__all__ = ["LINES_PER_CUSTOMER", "Company", "company", "customers_for"]

LINES_PER_CUSTOMER = 20
"""Order lines a customer over the default two years, about."""


class Company(Parameters):
    """A shop that sells about 240 products to known and unknown customers; made by `company`.

    Attributes are those of `Parameters`. Customer i of segment g:

    - arrives with his first order at a_i; arrivals a day grow evenly by ``growth`` and follow the season w_g(t);
    - then orders as a Poisson process of intensity λ_i·w_g(t), λ_i ~ Gamma(r_g, α_g), where w_g is a yearly, weekly
      and daily season of mean 1 (`season`);
    - drops out for good, unseen. ``pareto`` [1]_: after an exponential time of rate μ_i ~ Gamma(s_g, β_g), so that
      E[orders | λ, μ] = 1 + λ·(1 − e^(−μT))/μ for T days after arrival, but for the season. ``geometric`` [2]_: after
      each repeat order with probability p_i ~ Beta(a_g, b_g);
    - spends Gamma(p_g, ν_i) an order, ν_i ~ Gamma(q_g, γ_g), independent of λ, μ and p: mean p_g/ν_i [3]_;
    - fills it with 1 + Poisson(lines_mean_g − 1) lines, or as many as its value buys in the smallest size, each of his
      favourite category with probability f_g, of his second with h_g, else of any by its share; within a category the
      family of rank k is taken in proportion to k^(−0.8); products drawn twice are one line. Where the first product of
      a planted pair is in the basket, its companion is added with the pair's probability;
    - sends a line back with probability ``return_share`` within thirty days: an order "R…" of negative quantity.

    What happens besides orders follows `Relations`: bad orders, which customers leave for, visits, campaigns with
    control groups, subscriptions; `ledger` has the tables. None of it moves an order. The books then get their `Dirt`.
    None of that changes the truth of the customers.

    Notes
    -----
    The same parameters give the same bytes, whatever the number of threads or the size of batches: randomness is
    counter-based (`randomness`), time and money are whole numbers. Quantiles of gamma and beta laws come from scipy;
    should another version of it differ in the fourteenth digit, then that reaches a file of lines only where a value
    lies on the edge of a cent, an hour or a count: about once in a thousand companies of half a million customers.
    The real numbers of the truth are the same up to such a digit; Parquet files also name the version of their writer.
    Time O(lines); memory 8 bytes an order, about 90 a customer, and some blocks of lines. With what happens besides
    orders (`write`, `ledger`) half as much time again, and 35 bytes an order and 8 an interaction more.

    References
    ----------
    .. [1] Schmittlein, Morrison & Colombo (1987), Counting your customers. Management Science 33(1), 1-24.
    .. [2] Fader, Hardie & Lee (2005), "Counting your customers" the easy way. Marketing Science 24(2), 275-284.
    .. [3] Fader & Hardie (2013), The Gamma-Gamma model of monetary value. brucehardie.com/notes/025.
    """

    def batches(self, *, rows: int = 131_072, threads: int = 2) -> Iterator[pa.RecordBatch]:
        """Order lines in time order, at most ``rows`` in a batch.

        Returns
        -------
        iterator of record batches, one row an order line, key (order_id, position in the order)
            order_id : string, rising number; with R (return), C (cancellation) or T (test) before it
            ordered_at : timestamp[s], the shop's wall clock
            customer_id : string, empty for guests and tests
            product_id, description : string
            quantity : int64, negative for what comes back
            unit_price : decimal, in the company's currency
            country : string

        Examples
        --------
        >>> batch = next(company(customers=20, seed=1).batches(rows=2))
        >>> batch.num_rows, batch.column("order_id").to_pylist()
        (2, ['500001', '500001'])
        """
        require("rows", rows, 1, 2**31 - 1)
        require("threads", threads, 1, 64)
        population = draw_population(self)
        keys = draw_order_keys(self, population)
        sent_back = draw_sent_back(self, population, keys)
        for lines, numbers in numbered_lines(self, population, keys, sent_back=sent_back, threads=threads):
            batch = to_arrow(self, lines, numbers)
            for first in range(0, batch.num_rows, rows):
                yield batch.slice(first, rows)

    def ledger(self) -> Ledger:
        """What the company notes beside its order lines: touches, campaigns with control groups, contracts.

        Examples
        --------
        >>> ledger = company(customers=20, seed=1).ledger()
        >>> next(ledger.interactions()).column("kind")[0].as_py()
        'visit'
        >>> ledger.campaigns()["campaign_id"].to_pylist()[:2]
        ['C01', 'C02']
        """
        population = draw_population(self)
        return Ledger(self, population, draw_order_keys(self, population))

    def write(
        self, out: Path, *, format: Format = "csv", relations: bool = True, progress: Progress | None = None
    ) -> dict[str, Path]:
        """Write the company's files into the folder ``out``; each appears when it is complete.

        Parameters
        ----------
        out : folder, made where it is not there
        format : {"csv", "parquet"}
            Of the order lines and the interactions. CSV is UTF-8 with a byte order mark, headers in Chinese for
            language ``zh``.
        relations : bool
            Whether to write, beside orders, customers and products, what else is noted and what is true of it.
        progress : Progress, optional

        Returns
        -------
        dict of paths
            orders : the lines of `batches`
            customers : customers.csv, one row a customer: id, name, email, country, city, joined
            products : products.csv, one row a product: code, name, category, list price, unit cost
            truth_customers : truth/customers.parquet, one row a customer, key customer_id: segment, arrived_at,
                rate_per_day, dropout_rate_per_day (or dropout_probability), left_at, alive_at_end, mean_order_value
                (minor units), favourite_category, second_category, orders (before oddities), last_order_at,
                visits_per_day, bad_orders, last_order_bad
            truth_odd_lines : truth/odd_lines.parquet, one row a line that is no plain sale: row (from 1, without the
                header), kind, order_id, about_order_id
            truth_parameters : truth/parameters.json: the laws, the categories, the planted pairs, the account of lines

        and with ``relations`` the tables of `Ledger`: interactions; campaigns.csv, treatments.csv, responses.csv,
        contracts.csv; truth_effects, truth_bad_orders, truth_contracts, truth_pairs in truth/.

        Raises
        ------
        SettingError : another format.
        """
        require("format", format, choices=("csv", "parquet"))
        progress = progress or Progress()
        truth = out / "truth"
        truth.mkdir(parents=True, exist_ok=True)
        paths = {
            "orders": out / f"orders.{format}",
            "customers": out / "customers.csv",
            "products": out / "products.csv",
            "truth_customers": truth / "customers.parquet",
            "truth_odd_lines": truth / "odd_lines.parquet",
            "truth_parameters": truth / "parameters.json",
        }
        header = "zh" if self.language == "zh" else "en"
        with progress.stage("simulate.stage_customers", total=self.customers):
            population = draw_population(self)
            keys = draw_order_keys(self, population)
            with table_writer(paths["customers"], customer_schema(), "csv", header) as writer:
                for batch in customer_batches(self, population):
                    writer.write(batch)
                    progress.advance(batch.num_rows)
            write_table(paths["products"], pa.table(products(self)), "csv", header)
            ledger = Ledger(self, population, keys)
            true = true_customers(self, population, keys)
            for name, column in ledger.true_customers().items():
                true = true.append_column(name, column)
            write_table(paths["truth_customers"], true, "parquet")
            del true
        account = Account()
        with progress.stage("simulate.stage_orders", total=4 * len(keys)) as stage:
            with (
                table_writer(paths["orders"], line_schema(self), format, header) as writer,
                table_writer(paths["truth_odd_lines"], Account.ODD_SCHEMA, "parquet") as odd_writer,
            ):
                sent_back = draw_sent_back(self, population, keys)
                for lines, numbers in numbered_lines(self, population, keys, sent_back=sent_back):
                    writer.write(to_arrow(self, lines, numbers))
                    odd_writer.write(account.add(lines, numbers))
                    # How many lines there will be is known only in the end.
                    stage.total = max(account.lines, account.lines * len(keys) // max(1, account.orders))
                    progress.advance(len(lines))
            write_json(paths["truth_parameters"], parameters_as_data(self, account))
        if relations:
            paths |= write_relations(ledger, self, out, format=format, progress=progress)
        return paths


def company(
    *,
    customers: int,
    seed: int,
    days: int = 730,
    starts_on: dt.date = dt.date(2024, 1, 1),
    language: Language = "mixed",
    currency: str = "CNY",
    segments: tuple[Segment, ...] = SEGMENTS,
    dropout: Dropout = "pareto",
    growth: float = 0.5,
    return_share: float = 0.02,
    dirt: Dirt | float = 0.0,
    relations: Relations | None = None,
) -> Company:
    """A company with known truth: to test a method on, to measure with, to try Guanxi without a file of one's own.

    Parameters
    ----------
    customers : int, > 0
        A customer makes about five orders of four lines in two years (`LINES_PER_CUSTOMER`): 500,000 make ten million.
    seed : int, >= 0
        The same seed and parameters give the same bytes on any machine; another seed another company.
    days, starts_on
        The time that the books cover.
    language : {"mixed", "zh", "en"}
        Of names, products and headers. Mixed: Chinese and English customers, products in both, English headers.
    currency : str, ISO 4217
        List prices are the same numbers of minor units in each.
    segments : tuple of Segment
        The planted kinds of customers; `ONE_SEGMENT` for what the lifetime models of the books assume.
    dropout : {"pareto", "geometric"}
    growth : float, >= 0
        By how much more customers arrive a day at the end than at the start.
    return_share : float, 0 … 1
    dirt : Dirt, or float
        How untidy the books are; a number is `Dirt.like_a_shop` of it, 0.2 a really untidy shop.
    relations : Relations, optional
        What happens besides orders, and how bad orders drive customers away; the default laws where it is not given.

    Returns
    -------
    Company

    Raises
    ------
    SettingError : a parameter is out of its range.

    Examples
    --------
    >>> company(customers=500, seed=7, dirt=0.2).dirt.guest_orders
    0.2
    >>> company(customers=0, seed=7)
    Traceback (most recent call last):
    guanxi.errors.SettingError: customers is 0, but has to be between 1 and 100,000,000.
    """
    return Company(
        customers=customers,
        seed=seed,
        days=days,
        starts_on=starts_on,
        language=language,
        currency=currency,
        segments=segments,
        dropout=dropout,
        growth=growth,
        return_share=return_share,
        dirt=dirt if isinstance(dirt, Dirt) else Dirt.like_a_shop(dirt),
        relations=relations or Relations(),
    )


def customers_for(lines: int) -> int:
    """How many customers make about ``lines`` order lines in the default two years."""
    return max(1, round(lines / LINES_PER_CUSTOMER))
