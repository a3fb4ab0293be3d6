"""What would a study have said in the past, and was it right?"""

from guanxi.studies.backtest.document import document_of
from guanxi.studies.backtest.grades import grades_table
from guanxi.studies.backtest.lookback import Lookback, look_back
from guanxi.studies.backtest.walk import Backtest, backtest

__all__ = ["Backtest", "Lookback", "backtest", "document_of", "grades_table", "look_back"]
