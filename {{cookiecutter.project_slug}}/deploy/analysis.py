"""How a new version is judged: the service's own metrics, of the new pods alone, against what it promises."""

from __future__ import annotations

from deploy.app import App, Spec
from deploy.monitoring import names
from deploy.monitoring.slo import FAST
from deploy.monitoring.target import Target
from deploy.settings import Analysis

HASH = "rollouts-pod-template-hash"
"""Label by which Argo Rollouts tells the pods of one version from those of another."""
WINDOW = "1m"
"""Four scrapes, so that one that fails leaves enough to tell a rate."""
PREDICTING = f'route=~"{names.PREDICTING}"'


def spec(app: App, analysis: Analysis, prometheus_url: object) -> Spec:
    """An AnalysisTemplate, to be given the ``hash`` of the new pods.

    It fails at the second look at which too many predictions fail or are slow, or which cannot see the new pods at all.
    Without traffic there is nothing to hold against a version, so it then counts as good.
    """
    fastest = max(burn.factor for burn in FAST)
    slo = app.settings.objectives.slo
    queries = {
        "seen": (_seen(app), "len(result) > 0 && result[0] >= 1"),
        "failing": (_failing(app), _at_most(fastest * (1 - slo.available))),
        "degraded": (_degraded(app), _at_most(fastest * (1 - slo.available))),
        "slow": (_slow(app, slo.seconds), _at_most(fastest * (1 - slo.fast))),
    }
    return {
        "args": [{"name": "hash"}],
        "metrics": [
            {
                "name": name,
                "initialDelay": f"{analysis.delay_seconds}s",
                "interval": f"{analysis.interval_seconds}s",
                "count": analysis.count,
                "failureLimit": 1,
                "successCondition": good,
                "provider": {"prometheus": {"address": prometheus_url, "query": query}},
            }
            for name, (query, good) in queries.items()
        ],
    }


def _seen(app: App) -> str:
    """How many of the new pods have a model, as Prometheus sees them."""
    return f"sum({_of(app, names.READY)})"


def _failing(app: App) -> str:
    """The share of predictions that end in a fault of ours."""
    failed = _rate(app, names.REQUESTS, PREDICTING, 'status=~"5.."')
    return f"{failed} / {_rate(app, names.REQUESTS, PREDICTING)}"


def _degraded(app: App) -> str:
    """The share of predictions that the model itself did not give."""
    return f"{_rate(app, names.DEGRADED)} / {_rate(app, names.REQUESTS, PREDICTING)}"


def _slow(app: App, seconds: float) -> str:
    """The share of predictions that take longer."""
    fast = _rate(app, f"{names.DURATION}_bucket", PREDICTING, f'le="{seconds}"')
    return f"1 - {fast} / {_rate(app, f'{names.DURATION}_count', PREDICTING)}"


def _rate(app: App, metric: str, *matchers: str) -> str:
    return f"sum(rate({_of(app, metric, *matchers)}[{WINDOW}]))"


def _of(app: App, metric: str, *matchers: str) -> str:
    new = f'{HASH.replace("-", "_")}="{{{{args.hash}}}}"'
    return Target(app.name, app.settings.namespace).of(metric, new, *matchers)


def _at_most(share: float) -> str:
    """A condition that holds as well where there was no traffic, or no such case."""
    return f"len(result) == 0 || isNaN(result[0]) || result[0] <= {share:.6g}"
