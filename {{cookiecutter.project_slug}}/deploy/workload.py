"""The pods and who keeps them running: an Argo Rollout, or a Deployment where the cluster has no Argo Rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions

from deploy import analysis, pod, strategy
from deploy.app import App, Part, Spec
from deploy.config import Config
from deploy.settings import BlueGreen, Canary, Rolling
from deploy.surroundings import Surroundings

ARGO = "argoproj.io/v1alpha1"
HISTORY = 5
"""Earlier releases that are kept for a way back."""


class Workload(Part):
    """All that runs."""

    kind: ClassVar[str] = "Workload"

    def __init__(
        self,
        app: App,
        config: Config,
        around: Surroundings,
        before: Sequence[pulumi.Resource],
        opts: ResourceOptions | None = None,
    ) -> None:
        """
        Args:
            app: what is released.
            config: what its pods are told.
            around: the platform.
            before: what must be there before the first pod is.
            opts: Pulumi's.
        """
        super().__init__(app, opts)
        chosen = app.settings.strategy
        account = kubernetes.core.v1.ServiceAccount(
            app.name, metadata=app.metadata(), automount_service_account_token=False, opts=self.child()
        )
        needed: list[pulumi.Resource] = [account, *before, *self._audit(app)]
        if not isinstance(chosen, Rolling):
            needed.append(self._analysis(app, chosen, around))
        spec = _spec(app, config, around)
        options = self.child(depends_on=needed)
        match chosen:
            case Rolling():
                deployment: Spec = {**spec, "strategy": strategy.rolling()}
                kubernetes.apps.v1.Deployment(app.name, metadata=app.metadata(), spec=deployment, opts=options)
            case Canary():
                self._rollout(app, {**spec, "strategy": strategy.canary(app, chosen)}, options)
            case BlueGreen():
                self._rollout(app, {**spec, "strategy": strategy.blue_green(app, chosen)}, options)
        self.register_outputs({})

    def _rollout(self, app: App, spec: dict[str, Any], options: ResourceOptions) -> None:
        # On the way back to an earlier release nothing is judged anew: in trouble, minutes count.
        returning = {"rollbackWindow": {"revisions": HISTORY}, "progressDeadlineAbort": True}
        kubernetes.apiextensions.CustomResource(
            app.name,
            api_version=ARGO,
            kind="Rollout",
            metadata=app.metadata(),
            spec={**spec, **returning},
            opts=options,
        )

    def _analysis(self, app: App, chosen: Canary | BlueGreen, around: Surroundings) -> pulumi.Resource:
        made: pulumi.Resource = kubernetes.apiextensions.CustomResource(
            f"{app.name}-analysis",
            api_version=ARGO,
            kind="AnalysisTemplate",
            metadata=app.metadata(),
            spec=analysis.spec(app, chosen.analysis, around.prometheus_url),
            opts=self.child(),
        )
        return made

    def _audit(self, app: App) -> list[pulumi.Resource]:
        """The volume for the record of decisions, which nobody deletes by mistake."""
        volume = app.settings.audit_volume
        if volume is None:
            return []
        spec: Spec = {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": volume.storage_class,
            "resources": {"requests": {"storage": volume.size}},
        }
        kept = app.settings.environment != "dev"
        return [
            kubernetes.core.v1.PersistentVolumeClaim(
                f"{app.name}-audit",
                metadata=app.metadata(f"{app.name}-audit"),
                spec=spec,
                opts=self.child(protect=kept, retain_on_delete=kept),
            )
        ]


def _spec(app: App, config: Config, around: Surroundings) -> dict[str, Any]:
    """What a Deployment and a Rollout have in common."""
    return {
        "selector": {"matchLabels": app.selector},
        "template": pod.template(app, config, around.tracking_uri),
        "revisionHistoryLimit": HISTORY,
        "progressDeadlineSeconds": 300,
        "minReadySeconds": 5,
    }


def target(app: App) -> dict[str, str]:
    """What scales: a reference to the workload."""
    rolling = isinstance(app.settings.strategy, Rolling)
    kind = {"apiVersion": "apps/v1", "kind": "Deployment"} if rolling else {"apiVersion": ARGO, "kind": "Rollout"}
    return {**kind, "name": app.name}
