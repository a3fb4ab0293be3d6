"""From a staged file to rows of the canonical tables in a publication."""

from guanxi.intake.load.delivery import Account, known_delivery, load
from guanxi.intake.load.undo import undo
from guanxi.intake.load.work import parsed_path

__all__ = ["Account", "known_delivery", "load", "parsed_path", "undo"]
