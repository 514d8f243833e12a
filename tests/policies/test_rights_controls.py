"""RBAC and service accounts: which rules, bindings and pods are refused, right by right."""

import pytest
from judged import kubernetes, pod, refuses

RBAC = "rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"


def role(**rule):
    return kubernetes("ClusterRole", RBAC, rules=[rule])


def binding(name, *subjects, kind="RoleBinding", namespace=None):
    return kubernetes(kind, RBAC, namespace, roleRef={"kind": "ClusterRole", "name": name}, subjects=list(subjects))


def account(name="web", namespace=None):
    return {"kind": "ServiceAccount", "name": name} | ({"namespace": namespace} if namespace else {})


@pytest.mark.parametrize(
    ("group", "resource", "verb"),
    [
        *(("", resource, "impersonate") for resource in ("users", "groups", "serviceaccounts")),
        *((GROUP, resource, verb) for resource in ("roles", "clusterroles") for verb in ("bind", "escalate")),
        *(
            (GROUP, resource, verb)
            for resource in ("rolebindings", "clusterrolebindings")
            for verb in ("create", "update", "patch")
        ),
        ("", "serviceaccounts/token", "create"),
        *(("", "secrets", verb) for verb in ("get", "list", "watch")),
        *(("", resource, verb) for resource in ("pods/exec", "pods/attach") for verb in ("get", "create")),
        *(("", "pods/ephemeralcontainers", verb) for verb in ("update", "patch")),
        *(("", "nodes/proxy", verb) for verb in ("get", "create")),
        ("", "persistentvolumes", "create"),
        *(("certificates.k8s.io", "certificatesigningrequests/approval", verb) for verb in ("update", "patch")),
        *(
            (ADMISSION, resource, verb)
            for resource in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
            for verb in ("create", "update", "patch")
        ),
    ],
)
def test_rights_that_lead_to_more(group, resource, verb):
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    assert refuses("S1.rbac-no-escalation", role(**rule))
    assert not refuses("S1.rbac-no-escalation", role(**{**rule, "apiGroups": ["example.com"]}))
    assert not refuses("S1.rbac-no-escalation", role(**{**rule, "resources": ["configmaps"]}))


@pytest.mark.parametrize(
    ("group", "resource", "verb"),
    [
        ("", "secrets", "create"),
        ("", "pods", "create"),
        ("", "pods/log", "get"),
        ("", "persistentvolumes", "get"),
        (GROUP, "rolebindings", "delete"),
        (GROUP, "rolebindings", "deletecollection"),
        (GROUP, "roles", "create"),
    ],
)
def test_rights_that_do_not(group, resource, verb):
    assert not refuses("S1.rbac-no-escalation", role(apiGroups=[group], resources=[resource], verbs=[verb]))


def test_named_secrets_may_be_read_but_naming_does_not_help_elsewhere():
    named = {"apiGroups": [""], "verbs": ["get"], "resourceNames": ["web"]}
    assert not refuses("S1.rbac-no-escalation", role(resources=["secrets"], **named))
    assert refuses("S1.rbac-no-escalation", role(resources=["pods/exec"], **named))


@pytest.mark.parametrize(
    "rule",
    [
        {"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["get"]},
    ],
)
def test_wildcards(rule):
    assert refuses("S1.rbac-no-wildcards", role(**rule))


@pytest.mark.parametrize(
    ("name", "kind", "broad"),
    [
        ("cluster-admin", "RoleBinding", True),
        ("cluster-admin", "ClusterRoleBinding", True),
        ("admin", "ClusterRoleBinding", True),
        ("edit", "ClusterRoleBinding", True),
        ("admin", "RoleBinding", False),
        ("view", "ClusterRoleBinding", False),
    ],
)
def test_broad_roles(name, kind, broad):
    assert refuses("S1.rbac-no-broad-binding", binding(name, account(), kind=kind)) is broad


@pytest.mark.parametrize(
    ("subject", "everybody"),
    [
        ("system:anonymous", True),
        ("system:unauthenticated", True),
        ("system:authenticated", True),
        ("system:serviceaccounts", True),
        ("system:serviceaccounts:web", True),
        ("system:masters", True),
        ("system:nodes", False),
        ("team", False),
    ],
)
def test_subjects_that_are_everybody(subject, everybody):
    assert refuses("S1.rbac-no-broad-binding", binding("view", {"kind": "Group", "name": subject})) is everybody


def test_only_a_service_account_is_a_default_one():
    assert refuses("S1.default-account-unbound", binding("view", account("default")))
    assert not refuses("S1.default-account-unbound", binding("view", {"kind": "User", "name": "default"}))


@pytest.mark.parametrize(
    ("spec", "own"),
    [
        ({"serviceAccountName": "web"}, True),
        ({"serviceAccount": "web"}, True),
        ({"serviceAccountName": "default"}, False),
        ({}, False),
    ],
)
def test_own_accounts(spec, own):
    assert refuses("S1.own-account", pod(**spec)) is not own


@pytest.mark.parametrize(
    ("subject", "of_binding", "used"),
    [
        (account(), None, True),
        (account(namespace="default"), "other", True),
        (account(namespace="other"), None, False),
        (account(), "other", False),
        (account("other"), None, False),
        ({"kind": "User", "name": "web"}, None, False),
    ],
)
def test_a_token_is_for_those_who_have_rights(subject, of_binding, used):
    bound = binding("view", subject, namespace=of_binding)
    assert refuses("S1.no-idle-token", pod(serviceAccountName="web"), bound) is not used


def test_roles_and_bindings_of_another_api_are_not_read_as_those_of_kubernetes():
    other = kubernetes("ClusterRole", "iam.example.com/v1", rules=[{"apiGroups": [""], "resources": ["*"]}])
    assert not refuses("S1.rbac-no-wildcards", other, role(apiGroups=[""], resources=["pods"], verbs=["get"]))
    bound = {**binding("cluster-admin", account()), "apiVersion": "iam.example.com/v1"}
    assert not refuses("S1.rbac-no-broad-binding", bound, binding("web", account()))
