"""Puts the pods of fixtures into custom kinds, which Kubernetes itself and most scanners know nothing of."""

import json
import re

import yaml

from fixtures import FIXTURES, JOINT
from readiness.facts.kubernetes import resource
from readiness.facts.workloads import of_resource

HOLE = re.compile(r"\{\{.*?\}\}")
KINDS = {
    "Rollout": ("argoproj.io/v1alpha1", lambda template, beside: {**beside, "template": template}),
    "InferenceService": ("serving.kserve.io/v1beta1", lambda template, _: {"predictor": template["spec"]}),
    "RayCluster": ("ray.io/v1", lambda template, _: {"headGroupSpec": {"template": template}}),
    "Service": ("serving.knative.dev/v1", lambda template, _: {"template": template}),
    "ScaledJob": ("keda.sh/v1alpha1", lambda template, _: {"jobTargetRef": {"template": template}}),
}


def custom(kind, name, template, beside=None):
    """An object of a custom kind with a pod template; ``beside`` is what else a Rollout says, as a Deployment would."""
    version, spec = KINDS[kind]
    metadata = {"name": name, "namespace": "services"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec(template, beside or {})}


def of_fixtures(controls):
    """The pods of all fixtures of some controls, each in every custom kind, by the name of a file for them."""
    found = {}
    for case in sorted(case for control in controls for case in (FIXTURES / control.id).glob("*/")):
        name = f"{case.parent.name}-{case.name}".lower().replace(".", "-")
        found[f"{name}.yaml"] = [
            custom(kind, f"{name}-{place}", template, beside)
            for place, (template, beside) in enumerate(pods(case))
            for kind in KINDS
        ]
    return found


def pods(case):
    """Each pod template of a fixture, with what stands beside it.

    Its holes are written in another way, as Checkov leaves out whole files that look like a part of a Helm chart.
    """
    for path in sorted(case.glob("**/*.yaml")):
        text = HOLE.sub("${HOLE}", path.read_text().replace(JOINT, ""))
        for document in yaml.safe_load_all(text):
            for one in of_resource(resource(document, "")):
                beside = document["spec"] if "template" in document["spec"] else {}
                yield json.loads(json.dumps([one.template, beside]))
