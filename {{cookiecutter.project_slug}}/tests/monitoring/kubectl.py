"""Whether a kubectl command can be: its verb, the kinds it names, where it looks."""

from __future__ import annotations

VERBS = {
    "annotate",
    "cordon",
    "create",
    "delete",
    "describe",
    "drain",
    "get",
    "patch",
    "port-forward",
    "scale",
    "top",
}
IN_PODS = {"cp", "exec", "logs"}
ON_NODES = {"cordon", "drain"}
ROLLOUTS = {"abort", "get", "restart", "undo"}
"""Of the plugin of Argo Rollouts."""
KINDS = {
    "analysisruns",
    "certificaterequests",
    "certificates",
    "clusterissuers",
    "cronjob",
    "cronjobs",
    "deployment",
    "events",
    "externalsecrets",
    "hpa",
    "ingresses",
    "job",
    "jobs",
    "networkpolicies",
    "node",
    "nodes",
    "pod",
    "pods",
    "prometheusrules",
    "pvc",
    "resourcequotas",
    "secrets",
    "service",
    "servicemonitors",
    "services",
    "storageclasses",
}
NAMESPACES = {"kube-system", "observability", "platform", "services"}


def kubectl(words: list[str]) -> bool:
    """Whether the words after ``kubectl`` are a command."""
    if words[:2] == ["argo", "rollouts"]:
        return words[2] in ROLLOUTS and words[-2:] == ["-n", "services"]
    if words[0] == "-n":
        if words[1] not in NAMESPACES:
            return False
        words = words[2:]
    verb, what = words[0], words[1]
    if verb == "rollout":
        return what in {"restart", "undo"} and words[2].partition("/")[0] == "deployment"
    if verb in IN_PODS:
        return what.startswith(("POD", "-l"))
    if verb in ON_NODES:
        return what == "NODE"
    return verb in VERBS and set(what.partition("/")[0].split(",")) <= KINDS
