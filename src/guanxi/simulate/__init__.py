"""A company whose truth is known: customers with known rates, drop-out, spend and taste, and the files of its shop."""

from guanxi.simulate.company import LINES_PER_CUSTOMER, Company, company, customers_for
from guanxi.simulate.ledger import Ledger
from guanxi.simulate.parameters import DISCOUNT_BUYERS, ONE_SEGMENT, SEGMENTS, Dirt, Segment
from guanxi.simulate.relations import PLANS, BadOrders, Campaigns, Contracts, Plan, Relations, Visits

__all__ = [
    "DISCOUNT_BUYERS",
    "LINES_PER_CUSTOMER",
    "ONE_SEGMENT",
    "PLANS",
    "SEGMENTS",
    "BadOrders",
    "Campaigns",
    "Company",
    "Contracts",
    "Dirt",
    "Ledger",
    "Plan",
    "Relations",
    "Segment",
    "Visits",
    "company",
    "customers_for",
]
