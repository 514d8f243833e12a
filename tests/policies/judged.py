"""Asks one control about a few objects or files: for small cases that would each be a folder of fixtures otherwise."""

import json
from pathlib import Path

from readiness.control import Verdict
from readiness.controls import named
from readiness.facts import Facts
from readiness.facts.kubernetes import gather, read_text
from readiness.facts.manifests import read
from readiness.facts.pulumi import read_plan
from readiness.facts.repository import File, Repository
from readiness.facts.resources import Resources

SERVICE = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def refuses(id, *objects, files=None, environment="prod"):
    """Whether a control finds something wrong with Kubernetes objects, AWS resources as made by ``aws``, or files.

    It must have judged at least one of them, and must not have been at a loss.
    """
    said = verdicts(id, *objects, files=files, environment=environment)
    assert said, f"{id} saw nothing to judge"
    assert Verdict.NOT_EVALUATED not in said
    return Verdict.FAIL in said


def verdicts(id, *objects, files=None, environment="prod"):
    """All verdicts of a control on some objects, and on a repository with some files."""
    return {finding.verdict for finding in findings(id, *objects, files=files, environment=environment)}


def messages(id, *objects):
    """What a control finds wrong with some objects, or why it cannot tell."""
    return [finding.message for finding in findings(id, *objects) if finding.verdict is not Verdict.PASS]


def problems(id, *objects, files=None):
    """What is wrong and where, word for word."""
    found = findings(id, *objects, files=files)
    return [f"{one.file}:{one.line} {one.message}" for one in found if one.verdict is Verdict.FAIL]


def findings(id, *objects, files=None, environment="prod"):
    planned = [one for one in objects if "newState" in one]
    written = [one for one in objects if "newState" not in one]
    found = [resource for one in written for resource in read_text(json.dumps(one), "objects.yaml")]
    resources, unread = gather([*found, *read_plan({"steps": planned}, "plan.json")])
    assert not unread
    facts = Facts(repository(files) if files else Repository.nothing(), Resources(resources), environment=environment)
    return list(named(id).findings(facts))


def said_of(id, folder, files, **facts):
    """All that a control says of a repository that holds these files: verdicts and messages."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    judged = Facts(**({"repository": Repository.at(folder), "resources": read((str(folder),))} | facts))
    return [(finding.verdict, finding.message) for finding in named(id).findings(judged)]


def repository(texts):
    """A repository with these files, which are written nowhere."""
    files = {path: File(Path("nowhere"), path, len(text)) for path, text in sorted(texts.items())}
    for path, file in files.items():
        vars(file)["bytes"] = texts[path] if isinstance(texts[path], bytes) else texts[path].encode()
    return Repository(Path("nowhere"), files)


def ci(*script, **job):
    """A pipeline of GitLab with one job."""
    return {".gitlab-ci.yml": json.dumps({"check": {"script": list(script), **job}})}


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


def document(effect="Allow", **statement):
    """A policy document of AWS with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]})
