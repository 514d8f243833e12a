"""What is counted."""

from prometheus_client import Counter, Gauge

PREDICTIONS = Counter("wine_predictions_total", "Predictions.", ["version", "quality"])
OUTCOMES = Counter("wine_outcomes_total", "Tasted wines, by whether the prediction was right.", ["outcome"])
DRIFT = Gauge("wine_drift", "Kolmogorov-Smirnov statistic of the last thousand rows.", ["feature"])
