"""How a new version takes the place of the old one."""

from __future__ import annotations

from deploy.app import App, Spec
from deploy.settings import BlueGreen, Canary

SURGE = {"maxSurge": 1, "maxUnavailable": 0}
"""A new pod is ready before an old one goes."""


def rolling() -> Spec:
    """One pod after the other; for a Deployment."""
    return {"type": "RollingUpdate", "rollingUpdate": SURGE}


def canary(app: App, chosen: Canary) -> Spec:
    """A growing share, judged at each step; for a Rollout. Its first step comes back by itself if it fails."""
    steps: list[Spec] = []
    for weight in chosen.weights:
        steps += [{"setWeight": weight}, {"analysis": _judged(app)}]
    return {"canary": {**SURGE, "steps": steps}}


def blue_green(app: App, chosen: BlueGreen) -> Spec:
    """All at once, judged afterwards, with the old pods still there; for a Rollout."""
    return {
        "blueGreen": {
            "activeService": app.name,
            "previewService": preview(app),
            "autoPromotionEnabled": True,
            "scaleDownDelaySeconds": chosen.keep_seconds,
            "postPromotionAnalysis": _judged(app),
        }
    }


def preview(app: App) -> str:
    """The Service by which new pods are reached before the switch."""
    return f"{app.name}-preview"


def _judged(app: App) -> Spec:
    """The analysis, of the new pods."""
    new = {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}
    return {"templates": [{"templateName": app.name}], "args": [new]}
