"""A generated project's service on a real cluster, put there by its own program.

AIRWORTHY_ROUNDS says how often it is rolled to the other version and back: once by default, more to measure.
"""

import http.client
import json
import os
import time

import pytest

from cluster.release import SELECTOR
from pressure import pressure

REPLICAS = {"minimum": 2, "maximum": 2}
ROUNDS = int(os.environ.get("AIRWORTHY_ROUNDS", "1"))
pytestmark = pytest.mark.timeout(600 * ROUNDS)


def ask(port, method, path, body=None, **headers):
    """Status and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def predict(release, material, row=0):
    body = json.dumps({"rows": [material.rows[row]]})
    return ask(release.port, "POST", "/v1/predict", body, **{"X-API-Key": material.key})


def up(release, number, version):
    """Waits until so many replicas are ready, and only those of a model version are there."""

    def all_new():
        pods = release.kube.pods(SELECTOR)
        args = [pod["spec"]["initContainers"][0]["args"] for pod in pods]
        return len(release.ready) == len(pods) == number and all(found == ["pull", version] for found in args)

    release.kube.until(all_new)


def test_it_becomes_ready_under_restricted_and_answers_who_has_a_key(release, material):
    began = time.monotonic()
    release.deploy()
    up(release, 1, "1")
    status, body = predict(release, material)
    print(f"\nfrom built images to the first prediction: {time.monotonic() - began:.0f} s")
    assert status == 200, body
    answer = json.loads(body)
    assert answer["version"] == "1"
    assert answer["predictions"][0]["value"] == pytest.approx(material.expected["1"][0], abs=1e-3)
    assert ask(release.port, "POST", "/v1/predict", "{}")[0] == 401
    (pod,) = release.ready
    (status,) = pod["status"]["containerStatuses"]
    assert status["restartCount"] == 0
    written = release.kube.run("exec", pod["metadata"]["name"], "--container=service", "--", "python", "-c", WRITABLE)
    assert written.split() == ["10001", "/audit", "/tmp"]


WRITABLE = """
import os
print(os.getuid(), *[f for f in ("/", "/opt/app", "/models", "/config", "/audit", "/tmp") if os.access(f, os.W_OK)])
"""


def test_a_rolling_update_under_load_loses_nothing(release, material):
    release.deploy(scaling=REPLICAS)
    up(release, 2, "1")
    with pressure(material, release.port) as load:
        for version in ("2", "1") * ROUNDS:
            release.deploy(scaling=REPLICAS, model_version=version)
            up(release, 2, version)
            load.goes_on(500, version)
        outcome = load.finish()
    assert outcome.none_lost_or_wrong, f"{outcome}\n{release.kube.told()}"
