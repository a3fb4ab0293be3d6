"""What did it cost to win customers, what have they brought since, and after how many days was it back?"""

from guanxi.studies.acquisition.study import Acquisition, acquisition

__all__ = ["Acquisition", "acquisition"]
