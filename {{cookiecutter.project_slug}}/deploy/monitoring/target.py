"""What is watched, and how queries pick it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One service on one cluster.

    Attributes:
        service: its name: the job under which it is scraped, and how its pods' names begin.
        namespace: where it runs.
    """

    service: str
    namespace: str = "services"

    @property
    def labels(self) -> dict[str, str]:
        """What every series of the service carries."""
        return {"job": self.service, "namespace": self.namespace}

    def of(self, metric: str, *matchers: str) -> str:
        """A selector of the service's own series."""
        return _selector(metric, f'job="{self.service}"', f'namespace="{self.namespace}"', *matchers)

    def pods(self, metric: str, *matchers: str) -> str:
        """A selector of what the cluster tells of the service's pods.

        Their names are the service's, then the ReplicaSet's and the pod's own few characters: those of a service whose
        name only begins alike do not match.
        """
        pods = f'pod=~"{self.service}-[a-z0-9]+-[a-z0-9]+"'
        return _selector(metric, f'namespace="{self.namespace}"', pods, *matchers)

    def autoscaler(self, metric: str) -> str:
        """A selector of what the cluster tells of the service's autoscaler, ours or the one that KEDA makes."""
        named = f'horizontalpodautoscaler=~"(keda-hpa-)?{self.service}"'
        return _selector(metric, f'namespace="{self.namespace}"', named)

    def rollout(self, *matchers: str) -> str:
        """A selector of what Argo Rollouts tells of the service's release.

        Without the namespace: what the controller says of it may arrive under another label than its own.
        """
        return _selector("rollout_info", f'name="{self.service}"', *matchers)


def total(inner: str, *by: str) -> str:
    """The sum over the whole service, or for each value of more labels."""
    return f"sum by ({', '.join(('job', 'namespace', *by))}) ({inner})"


def rate(series: str, window: str) -> str:
    """How often a second a counter's series counted in a window."""
    return f"rate({series}[{window}])"


def increase(series: str, window: str) -> str:
    """How often a counter's series counted in a window."""
    return f"increase({series}[{window}])"


def _selector(metric: str, *matchers: str) -> str:
    return f"{metric}{{{', '.join(matchers)}}}"
