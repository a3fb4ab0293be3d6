"""Preparation of features for a method: declared as data, learned from the past only, told in words."""

from guanxi.features.prepare.discretise import Discretise, entropy_cuts
from guanxi.features.prepare.encode import Encode
from guanxi.features.prepare.numeric import Clip, Combine, Impute, Normalise, Standardise
from guanxi.features.prepare.preparation import Preparation
from guanxi.features.prepare.saved import read_learned, write_learned
from guanxi.features.prepare.select import Select
from guanxi.features.prepare.step import Step

__all__ = [
    "Clip",
    "Combine",
    "Discretise",
    "Encode",
    "Impute",
    "Normalise",
    "Preparation",
    "Select",
    "Standardise",
    "Step",
    "entropy_cuts",
    "read_learned",
    "write_learned",
]
