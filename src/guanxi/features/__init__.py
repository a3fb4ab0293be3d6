"""One row per customer as of a date."""

from guanxi.features.customers import customer_features

__all__ = ["customer_features"]
