"""A company whose truth is known: customers with known rates, drop-out, spend and taste, and the files of its shop."""

from guanxi.simulate.company import LINES_PER_CUSTOMER, Company, company, customers_for
from guanxi.simulate.parameters import ONE_SEGMENT, SEGMENTS, Dirt, Segment

__all__ = [
    "LINES_PER_CUSTOMER",
    "ONE_SEGMENT",
    "SEGMENTS",
    "Company",
    "Dirt",
    "Segment",
    "company",
    "customers_for",
]
