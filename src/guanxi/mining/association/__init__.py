"""What goes with what: frequent itemsets and association rules."""

from guanxi.mining.association.frequent import frequent_itemsets
from guanxi.mining.association.itemsets import Itemsets
from guanxi.mining.association.rules import rules

__all__ = ["Itemsets", "frequent_itemsets", "rules"]
