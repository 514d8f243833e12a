"""Asks one control about a few objects: for the many small cases that would each be a folder of fixtures otherwise."""

import json

from readiness.control import Verdict
from readiness.controls import named
from readiness.facts import Facts
from readiness.facts.kubernetes import gather, read_text
from readiness.facts.pulumi import read_plan
from readiness.facts.resources import Resources


def refuses(id, *objects, environment="prod"):
    """Whether a control finds something wrong with Kubernetes objects, or with AWS resources as made by ``aws``.

    It must have judged at least one of them, and must not have been at a loss.
    """
    said = verdicts(id, *objects, environment=environment)
    assert said, f"{id} saw nothing to judge"
    assert Verdict.NOT_EVALUATED not in said
    return Verdict.FAIL in said


def verdicts(id, *objects, environment="prod"):
    """All that a control says of some objects."""
    planned = [one for one in objects if "newState" in one]
    written = [one for one in objects if "newState" not in one]
    found = [resource for one in written for resource in read_text(json.dumps(one), "objects.yaml")]
    resources, unread = gather([*found, *read_plan({"steps": planned}, "plan.json")])
    assert not unread
    facts = Facts(resources=Resources(resources), environment=environment)
    return {finding.verdict for finding in named(id).findings(facts)}


def kubernetes(kind, version="v1", namespace=None, annotations=None, **fields):
    """A Kubernetes object named ``web``."""
    metadata = {"name": "web", "annotations": annotations or {}} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def pod(labels=None, namespace=None, **spec):
    """A Pod with one container."""
    made = kubernetes("Pod", namespace=namespace, spec={"containers": [{"name": "web", "image": "web"}], **spec})
    made["metadata"]["labels"] = labels or {}
    return made


def aws(type, name="web", /, **inputs):
    """An AWS resource as Pulumi would plan it."""
    urn = f"urn:pulumi:prod::web::{type}::{name}"
    return {"newState": {"type": type, "urn": urn, "inputs": inputs, "protect": True}}
