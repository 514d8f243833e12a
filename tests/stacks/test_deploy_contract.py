"""What the generated project takes of the platform against what the stacks give: a drift of either fails."""

import json
import os
import subprocess
import sys

import pytest
from mocks import STACKS, Secret, configuration, kubernetes_name, plan

from needs import need
from stacks.cluster.program import program as cluster
from stacks.observability.program import program as observability
from stacks.platform import names
from stacks.registry.program import program as registry

TEMPLATE = STACKS.parent / "{{cookiecutter.project_slug}}"
SERVICE = "tumour-diagnosis"
"""The service for which the dev settings of the secrets' stack make secrets."""
PLAN = """
import json, sys
import planning
planning.NAME = sys.argv[1]
found = planning.plan("dev", json.loads(sys.argv[2]), **json.loads(sys.argv[3]))
(context,) = {one.inputs.get("context") for one in found if one.type == "pulumi:providers:kubernetes"}
print(json.dumps({"objects": [one.inputs for one in found.objects], "pod": found.pod, "context": context}))
"""


@pytest.fixture(scope="module")
def given(secrets_plan):
    """What the stacks of dev give, by the names of their projects; the cluster is one that was chosen."""
    chosen = {**configuration("cluster", "dev"), f"{names.CLUSTER}:context": "kind-dev"}
    outputs = {names.CLUSTER: plan(cluster, names.CLUSTER, "dev", chosen).outputs}
    outputs[names.SECRETS] = secrets_plan("dev").outputs
    for project, program in ((names.REGISTRY, registry), (names.OBSERVABILITY, observability)):
        config = configuration(project.removeprefix(f"{names.PRODUCT}-"), "dev")
        outputs[project] = plan(program, project, "dev", config, outputs).outputs
    return outputs


def deployment(given, **changes):
    """What the deployment of a service in dev makes of that."""
    plain = {
        project: {name: value for name, value in outputs.items() if not isinstance(value, Secret)}
        for project, outputs in given.items()
    }
    paths = os.pathsep.join(map(str, (TEMPLATE, TEMPLATE / "src", TEMPLATE / "tests")))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PLAN, SERVICE, json.dumps(plain), json.dumps(changes)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    need("No module named" not in ran.stderr, f"install requirements/deploy.txt of the template: {ran.stderr[-60:]!r}")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def deployed(given):
    return deployment(given)


def test_every_address_comes_from_an_output_of_a_stack(given, deployed):
    told = json.dumps(deployed)
    used = (
        (names.REGISTRY, "tracking_uri"),
        (names.OBSERVABILITY, "otlp_endpoint"),
        (names.OBSERVABILITY, "runbook_base"),
    )
    for project, output in used:
        assert json.dumps(given[project][output])[1:-1] in told, f"{project} {output}"
    assert deployed["context"] == given[names.CLUSTER]["context"] == "kind-dev"
    judged = json.dumps(deployment(given, strategy={"kind": "canary"}))
    assert given[names.OBSERVABILITY]["prometheus_url"] in judged


def test_the_pod_names_secrets_and_keys_that_the_secrets_stack_makes(secrets_plan, deployed):
    made = {
        kubernetes_name(one): set(one.inputs.get("stringData", {})) | set(one.inputs.get("data", {}))
        for one in secrets_plan("dev").of(":Secret")
    }
    wanted = {}
    for volume in deployed["pod"]["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            if secret := source.get("secret"):
                wanted.setdefault(secret["name"], set()).update(item["key"] for item in secret["items"])
    for container in deployed["pod"]["initContainers"]:
        for variable in container["env"]:
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                wanted.setdefault(reference["name"], set()).add(reference["key"])
    assert {name: keys - made.get(name, set()) for name, keys in wanted.items() if keys - made.get(name, set())} == {}
    assert len(wanted) == 2


def test_services_run_where_the_cluster_has_room_for_them(given, deployed, cluster_plan):
    (namespace,) = {one["metadata"]["namespace"] for one in deployed["objects"]}
    assert namespace == given[names.CLUSTER]["namespaces"][names.SERVICES_NAMESPACE]
    classes = {kubernetes_name(one) for one in cluster_plan("dev").of(":PriorityClass")}
    assert deployed["pod"]["priorityClassName"] in classes


def test_prometheus_selects_what_the_deployment_gives_it_and_is_let_in(given, deployed, cluster_plan, secrets_plan):
    outputs = {name: given[name] for name in (names.CLUSTER, names.SECRETS, names.REGISTRY)}
    planned = plan(observability, names.OBSERVABILITY, "dev", configuration("observability", "dev"), outputs)
    text = json.dumps([one.inputs for one in planned])
    for kind in ("ServiceMonitor", "PrometheusRule"):
        (found,) = (one for one in deployed["objects"] if one["kind"] == kind)
        assert found["metadata"]["labels"]["release"] == "prometheus"
    (policy,) = (one for one in deployed["objects"] if one["kind"] == "NetworkPolicy")
    sources = [peer for rule in policy["spec"]["ingress"] for peer in rule["from"]]
    (scraper,) = (
        peer["podSelector"]["matchLabels"]
        for peer in sources
        if peer["namespaceSelector"]["matchLabels"].get("kubernetes.io/metadata.name") == names.OBSERVABILITY_NAMESPACE
    )
    assert json.dumps(scraper)[1:-1] in text, "the label that the observability stack's own policies give Prometheus"
    boards = [one for one in deployed["objects"] if "grafana_dashboard" in one["metadata"]["labels"]]
    assert boards
    assert '"grafana_dashboard"' in text
