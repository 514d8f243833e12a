"""Rights in the cluster: roles, bindings, and accounts."""

from faults.fault import fault
from faults.planned import Planned, kubernetes

RBAC = "rbac.authorization.k8s.io"
DEPLOYER = Planned("Role", "deployer-services")
READER = Planned("ClusterRole", "reader")
BOUND = Planned("ClusterRoleBinding", "reader")


def may(resources, verbs, groups=("",)):
    """One more right of whoever deploys."""
    return DEPLOYER.add("rules", {"apiGroups": [*groups], "resources": [*resources], "verbs": [*verbs]})


def bound(kind, name, namespace, role, *subjects):
    """One more binding."""
    reference = {"apiGroup": RBAC, "kind": role.partition("/")[0], "name": role.partition("/")[2]}
    return kubernetes(f"{RBAC}/v1", kind, name, namespace, roleRef=reference, subjects=list(subjects))


def group(name):
    return {"kind": "Group", "name": name, "apiGroup": RBAC}


TABLE = (
    fault("every verb", may(["pods"], ["*"]), "S1.rbac-no-wildcards"),
    fault("every resource", may(["*"], ["get"], ["apps"]), "S1.rbac-no-wildcards"),
    fault("every API", may(["pods"], ["get"], ["*"]), "S1.rbac-no-wildcards"),
    fault("may bind roles", may(["roles"], ["bind"], [RBAC]), "S1.rbac-no-escalation"),
    fault("may widen roles", may(["roles"], ["escalate"], [RBAC]), "S1.rbac-no-escalation"),
    fault("may speak as others", may(["serviceaccounts"], ["impersonate"]), "S1.rbac-no-escalation"),
    fault("may make bindings", may(["rolebindings"], ["create"], [RBAC]), "S1.rbac-no-escalation"),
    fault("may enter pods", may(["pods/exec"], ["create"]), "S1.rbac-no-escalation"),
    fault("may read all Secrets", may(["secrets"], ["get", "list"]), "S1.rbac-no-escalation"),
    fault("may make tokens", may(["serviceaccounts/token"], ["create"]), "S1.rbac-no-escalation"),
    fault(
        "readers of the whole cluster read its Secrets",
        READER.add("rules", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}),
        "S1.rbac-no-escalation",
    ),
    fault(
        "readers become administrators",
        BOUND.put("roleRef.name", "cluster-admin"),
        "S1.rbac-no-broad-binding",
    ),
    fault(
        "everybody who is logged in reads",
        BOUND.add("subjects", group("system:authenticated")),
        "S1.rbac-no-broad-binding",
    ),
    fault("whoever comes reads", BOUND.add("subjects", group("system:unauthenticated")), "S1.rbac-no-broad-binding"),
    fault(
        "the deployers are administrators",
        bound("ClusterRoleBinding", "deployers-admin", "", "ClusterRole/cluster-admin", group("airworthy:deployers")),
        "S1.rbac-no-broad-binding",
    ),
    fault(
        "the default account has a role",
        bound(
            "RoleBinding",
            "pods",
            "services",
            "Role/airworthy-reader",
            {"kind": "ServiceAccount", "name": "default", "namespace": "services"},
        ),
        "S1.default-account-unbound",
    ),
)
