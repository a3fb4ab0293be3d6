"""What goes with what: frequent itemsets and association rules, sequences, and what differs between groups."""

from guanxi.mining.association.contrast import contrast_sets
from guanxi.mining.association.frequent import frequent_itemsets
from guanxi.mining.association.holders import caught
from guanxi.mining.association.holdout import hold_out, split_baskets
from guanxi.mining.association.itemsets import Itemsets
from guanxi.mining.association.rules import rules
from guanxi.mining.association.sequences import Sequences, frequent_sequences, what_follows
from guanxi.mining.association.taxonomy import more_than_expected
from guanxi.mining.association.traits import trait_items

__all__ = [
    "Itemsets",
    "Sequences",
    "caught",
    "contrast_sets",
    "frequent_itemsets",
    "frequent_sequences",
    "hold_out",
    "more_than_expected",
    "rules",
    "split_baskets",
    "trait_items",
    "what_follows",
]
