"""Guanxi (关系): a CRM that mines its own data. This package is the mine: tables in, tables out."""

__version__ = "0.1.0"
