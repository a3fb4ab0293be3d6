"""Customer lifetime: who is still a customer, how often he will buy, and what that is worth."""

from guanxi.mining.lifetime.amount import lifetime_value, predict_amount
from guanxi.mining.lifetime.beta_geo import BetaGeoNBD
from guanxi.mining.lifetime.beta_geo_beta_binomial import BetaGeoBetaBinomial
from guanxi.mining.lifetime.contracts import BetaDiscreteWeibull, ShiftedBetaGeo
from guanxi.mining.lifetime.covariates import WithCovariates
from guanxi.mining.lifetime.gamma_gamma import GammaGamma
from guanxi.mining.lifetime.modified_beta_geo import ModifiedBetaGeoNBD
from guanxi.mining.lifetime.pareto_nbd import ParetoNBD
from guanxi.mining.lifetime.retention import kaplan_meier

__all__ = [
    "BetaDiscreteWeibull",
    "BetaGeoBetaBinomial",
    "BetaGeoNBD",
    "GammaGamma",
    "ModifiedBetaGeoNBD",
    "ParetoNBD",
    "ShiftedBetaGeo",
    "WithCovariates",
    "kaplan_meier",
    "lifetime_value",
    "predict_amount",
]
