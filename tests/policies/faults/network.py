"""The network inside the cluster: what may come in, what may go out, and to whom."""

from faults.fault import both, fault
from faults.planned import Planned, kubernetes
from faults.releases import NOTHING

SERVICE = Planned("NetworkPolicy", "tumour-diagnosis")
DENY = Planned("NetworkPolicy", "services-default-deny")
DNS = Planned("NetworkPolicy", "services-allow-dns")
SCRAPING = Planned("NetworkPolicy", "scraping")
REGISTRY = Planned("NetworkPolicy", "mlflow")
ALERTMANAGER = Planned("NetworkPolicy", "notifications")
EVERYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}

TABLE = (
    fault("whoever is in the cluster may call", SERVICE.put("spec.ingress.0", {}), "S3.policy-names-peers"),
    fault("a rule that names a port and no caller", SERVICE.drop("spec.ingress.0.from"), "S3.policy-names-peers"),
    fault(
        "whoever is on the internet may call",
        SERVICE.put("spec.ingress.0.from", [EVERYWHERE]),
        "S3.policy-names-peers",
    ),
    fault(
        "every namespace may call",
        SERVICE.put("spec.ingress.0.from", [{"namespaceSelector": {}}]),
        "S3.policy-names-peers",
    ),
    fault("the service may call everybody", SERVICE.add("spec.egress", {}), "S3.policy-names-peers"),
    fault("the registry may call everybody", REGISTRY.add("spec.egress", {}), "S3.policy-names-peers"),
    fault("the registry lets everybody in", REGISTRY.drop("spec.ingress.0.from"), "S3.policy-names-peers"),
    fault("the policy selects nothing", SERVICE.put("spec.podSelector.matchLabels", NOTHING), "S3.policy-selects"),
    fault(
        "a policy that opens all of the namespace",
        kubernetes(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "allow-all",
            "services",
            spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
        ),
        "S3.policy-names-peers",
    ),
    fault(
        "nothing denies what goes out",
        both(DENY.removed(), DNS.removed(), SERVICE.put("spec.policyTypes", ["Ingress"]), SERVICE.drop("spec.egress")),
        "S3.egress-denied",
    ),
    fault(
        "nothing denies what comes in", both(DENY.removed(), SCRAPING.removed(), SERVICE.removed()), "S3.ingress-denied"
    ),
)
