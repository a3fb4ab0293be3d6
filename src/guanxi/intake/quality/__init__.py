"""How good a delivered file is: five measures per column and file, what breaks them, and what to do about it.

The measures, each in 0 … 1 and null where nothing could be judged:

accuracy
    Syntactic accuracy (Batini & Scannapieco 2006, ch. 2): the share of the values that are there which can be read as
    what their column means and lie in its domain. Broken by unreadable numbers and times, placeholder dates, unknown
    countries and currencies, impossible e-mail addresses, phone numbers and birthdays, negative prices, records that
    could not be read at all, and gross outliers: a price or quantity ten times off the product's median *and* beyond
    the far-out fences (three interquartile ranges; Tukey 1977) of its logarithms, for products with 20 values or more.
    Whether a readable value is true (semantic accuracy) no file can tell.
completeness
    Attribute completeness (Batini & Scannapieco 2006, ch. 2): the share of records with a value; what counts as missing
    is `guanxi.intake.parse.MISSING`.
consistency
    "Attributes that are free from contradiction" (ISO/IEC 25012:2008): one less the share of records that break a rule
    across columns or rows: quantity × price against amount, orders of several customers or days, products with several
    descriptions, cancellations with positive quantity, returns of what was never sold, customers in several countries,
    dates written in several ways, repeated records, totals and headers among the data.
timeliness
    The mean of three parts for the column that says when. Age: ``max(0, 1 − age / volatility)`` (Ballou, Wang, Pazer &
    Tayi 1998, equation 1, with exponent 1), age from the newest event to the delivery, volatility `VOLATILITY_DAYS`.
    Coverage: one less the share of days that are missing. A run of days without events is missing if, with each weekday
    keeping its own rate of days with events, it had less than one chance in twenty to be found anywhere in the file.
    Order: one less the share of events in the future, or that stand behind an event of a later day in a file that is
    otherwise in time order.
understandability
    "Enables it to be read and interpreted … in appropriate languages, symbols and units" (ISO/IEC 25012:2008; "ease of
    understanding" of Wang & Strong 1996): per column, how sure the mapping is of its meaning (½ where it has none),
    times the share of values that are neither garbled nor a code without a description nor in another language or
    currency sign than the rest.

A column that the file cannot do without weighs 2, another with a role 1, one without a role 0 (in understandability 1).
A measure of the file is the weighted mean over its columns, times one less the share of records that break a rule about
no single column. The overall score is the plain mean of the measures that could be judged; who weighs them otherwise
takes the measures. A value counts in the score of a measure once per rule of several records, and once for all rules
that look at it alone.

References
----------
Ballou, Wang, Pazer & Tayi (1998), Modeling information manufacturing systems to determine information product quality,
Management Science 44(4), 462-484. Batini & Scannapieco (2006), Data Quality: Concepts, Methodologies and Techniques,
Springer. ISO/IEC 25012:2008, Data quality model. Tukey (1977), Exploratory Data Analysis, Addison-Wesley. Wang & Strong
(1996), Beyond accuracy: what data quality means to data consumers, Journal of Management Information Systems 12(4),
5-33.
"""

from guanxi.intake.quality.assess import assess
from guanxi.intake.quality.result import MEASURES, Example, Finding, Measure, Quality, Trend, compare
from guanxi.intake.quality.timeliness import VOLATILITY_DAYS

__all__ = ["MEASURES", "VOLATILITY_DAYS", "Example", "Finding", "Measure", "Quality", "Trend", "assess", "compare"]
