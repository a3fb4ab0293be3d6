"""The engine for when one machine is outgrown: Apache Spark, on this machine or on a cluster.

`dialect` turns a named query into what Spark reads the same way, `session` works on one snapshot, and `engine` starts
Spark. Nothing of pyspark is imported before a session is asked for.
"""

from guanxi.warehouse.spark.dialect import spark_sql, tables_read
from guanxi.warehouse.spark.engine import Spark
from guanxi.warehouse.spark.session import SparkSession

__all__ = ["Spark", "SparkSession", "spark_sql", "tables_read"]
