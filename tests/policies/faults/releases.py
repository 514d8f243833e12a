"""Releases and scaling: steps, analysis, history, the way back, copies, budgets, quotas, ports, volumes."""

from faults.fault import fault
from faults.planned import Planned, kubernetes
from faults.pods import SERVICE

CANARY = "spec.strategy.canary"
ANALYSIS = Planned("AnalysisTemplate", "tumour-diagnosis-analysis")
SCALER = Planned("HorizontalPodAutoscaler", "tumour-diagnosis")
BUDGET = Planned("PodDisruptionBudget", "tumour-diagnosis")
CALLED = Planned("Service", "tumour-diagnosis")
VOLUME = Planned("PersistentVolumeClaim", "tumour-diagnosis-audit")
CLASS = Planned("StorageClass", "storage-shared")
QUOTA = Planned("ResourceQuota", "services")
LABEL = "app.kubernetes.io/name"
NOTHING = {LABEL: "nothing-of-that-name"}

TABLE = (
    fault(
        "a release without an analysis",
        SERVICE.put(f"{CANARY}.steps", [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}]),
        "D4.analysis",
        "D5.automatic",
    ),
    fault(
        "everybody gets the new version at once",
        SERVICE.put(f"{CANARY}.steps", []),
        "D4.progressive",
        also={
            "D4.analysis": "the analyses are steps",
            "D5.automatic": "the analyses are steps",
        },
    ),
    fault(
        "the strategy becomes Recreate",
        SERVICE.put("spec.strategy", {}),
        "D4.progressive",
        also={
            "D4.analysis": "the analyses are part of the strategy",
            "D5.automatic": "the analyses are part of the strategy",
        },
    ),
    fault(
        "an analysis by a template that is not there",
        SERVICE.put(f"{CANARY}.steps.1.analysis.templates.0.templateName", "latency"),
        "D4.analysis-template",
    ),
    fault(
        "an analysis without its argument",
        SERVICE.put(f"{CANARY}.steps.1.analysis.args", []),
        "D4.analysis-template",
    ),
    fault("the template goes", ANALYSIS.removed(), "D4.analysis-template"),
    fault(
        "an analysis that says nothing of good or bad",
        ANALYSIS.drop("spec.metrics.1.successCondition"),
        "D4.analysis-decides",
    ),
    fault("an analysis that asks once", ANALYSIS.put("spec.metrics.1.count", 1), "D4.analysis-decides"),
    fault(
        "traffic by a Service that is not there",
        SERVICE.put(f"{CANARY}.canaryService", "tumour-diagnosis-canary"),
        "D4.traffic-services",
    ),
    fault("no revision is kept", SERVICE.put("spec.revisionHistoryLimit", 0), "D5.history"),
    fault("one revision is kept", SERVICE.put("spec.revisionHistoryLimit", 1), "D5.history"),
    fault("a release may hang for a day", SERVICE.put("spec.progressDeadlineSeconds", 86400), "D5.progress-deadline"),
    fault("releases are paused", SERVICE.put("spec.paused", True), "D5.progress-deadline"),
    fault(
        "one copy is enough",
        SCALER.put("spec.minReplicas", 1),
        "D2.scaler-bounds",
        "D2.replicas",
    ),
    fault("no room to grow", SCALER.put("spec.maxReplicas", 3), "D2.scaler-bounds"),
    fault("the autoscaler goes", SCALER.removed(), "D2.autoscaler", "D2.replicas"),
    fault(
        "the autoscaler targets nothing",
        SCALER.put("spec.scaleTargetRef.name", "tumour-diagnosis-v2"),
        "D2.scaler-target",
        also={
            "D2.autoscaler": "then nothing scales the service",
            "D2.replicas": "and nothing says how many copies there are",
        },
    ),
    fault(
        "the autoscaler targets another kind",
        SCALER.put("spec.scaleTargetRef.kind", "Deployment"),
        "D2.scaler-target",
        also={
            "D2.autoscaler": "then nothing scales the service",
            "D2.replicas": "and nothing says how many copies there are",
        },
    ),
    fault(
        "the autoscaler measures nothing",
        SCALER.put("spec.metrics", []),
        "D2.scaler-measures",
    ),
    fault("the budget goes", BUDGET.removed(), "R1.budget"),
    fault("the budget lets no pod go", BUDGET.put("spec.maxUnavailable", 0), "R1.budget-allows-drain"),
    fault(
        "the budget selects nothing",
        BUDGET.put("spec.selector.matchLabels", NOTHING),
        "R1.budget-selects",
        also={"R1.budget": "then the service has none"},
    ),
    fault("more copies than the quota holds", SCALER.put("spec.maxReplicas", 200), "R4.quota-holds"),
    fault("a quota that is too small", QUOTA.put("spec.hard.pods", "5"), "R4.quota-holds"),
    fault("a quota of too little memory", QUOTA.put("spec.hard", {"limits.memory": "2Gi"}), "R4.quota-holds"),
    fault(
        "the Service selects nothing",
        CALLED.put("spec.selector", NOTHING),
        "D2.service-selects",
    ),
    fault(
        "the Service leads to a port that is not there", CALLED.put("spec.ports.0.targetPort", 9000), "D2.service-port"
    ),
    fault(
        "the Service leads to a name that is not there",
        CALLED.put("spec.ports.0.targetPort", "grpc"),
        "D2.service-port",
    ),
    fault("the Service is a door to the outside", CALLED.put("spec.type", "LoadBalancer"), "S3.service-inside"),
    fault("the Service takes a port of every node", CALLED.put("spec.type", "NodePort"), "S3.service-inside"),
    fault(
        "an Ingress to a Service that is not there",
        kubernetes(
            "networking.k8s.io/v1",
            "Ingress",
            "predict",
            "services",
            spec={
                "tls": [{"hosts": ["predict.example.com"], "secretName": "predict-tls"}],
                "rules": [
                    {
                        "host": "predict.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": "predict", "port": {"number": 80}}},
                                }
                            ]
                        },
                    }
                ],
            },
        ),
        "D2.ingress-backend",
    ),
    fault(
        "an Ingress without TLS",
        kubernetes(
            "networking.k8s.io/v1",
            "Ingress",
            "predict",
            "services",
            spec={
                "rules": [
                    {
                        "host": "predict.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": "tumour-diagnosis", "port": {"name": "http"}}},
                                }
                            ]
                        },
                    }
                ],
            },
        ),
        "S3.ingress-tls",
    ),
    fault("volumes go with their claims", CLASS.put("reclaimPolicy", "Delete"), "R2.volume-kept"),
    fault(
        "the record of decisions is in a volume that ends with the pod",
        SERVICE.put("spec.template.spec.volumes.3", {"name": "audit", "emptyDir": {}}),
        "S5.record-kept",
    ),
    fault(
        "backups are paused",
        kubernetes(
            "velero.io/v1",
            "Schedule",
            "daily",
            "velero",
            spec={"schedule": "0 3 * * *", "paused": True, "template": {"includedNamespaces": ["platform"]}},
        ),
        "R2.backup-schedule",
    ),
)
