"""Two instances of a real service under load, and a real Prometheus that scrapes them."""

import http.client
import json
import threading
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from cluster_metrics import SERVICE, cluster, cluster_job
from prometheus import Prometheus, scraping

from project import free_port, run
from serving import Material

HERE = Path(__file__).parent


class World(NamedTuple):
    """What runs.

    Attributes:
        prometheus: scrapes all of it.
        material: of the first instance.
        deployed: rules, dashboards and pages of the project, as it deploys them.
    """

    prometheus: Prometheus
    material: Material
    deployed: dict


@contextmanager
def running(project, python, folder):
    """Runs all of it until the block ends; it has been scraped for some time when the block begins."""
    path = f"{project}:{project}/src:{project}/tests"
    deployed = json.loads(run(project, python, HERE / "export.py", SERVICE, PYTHONPATH=path))
    first = Material.make(project, python, folder / "first")
    second = first.copy(folder / "second")
    # Only where there are other parties is anything told of them. This issuer is never asked; nobody is at that Redis.
    issuer = "https://issuer.example"
    others = {"token_issuer": issuer, "token_audience": "x", "token_keys": f"{issuer}/keys"}
    others |= {"redis": f"redis://127.0.0.1:{free_port()}/0"}
    with ExitStack() as stack:
        refusing = stack.enter_context(served(first, cache_bytes=1_000_000, **others))
        standing_in = stack.enter_context(served(second, degrade="default", default_answer="0.5,0.5", **others))
        jobs = [service_job(refusing.port, standing_in.port), cluster_job(stack.enter_context(cluster()))]
        prometheus = stack.enter_context(scraping(folder, {"service.json": deployed["rules"]}, jobs))
        for instance in (refusing, standing_in):
            stack.enter_context(load(instance, first.mixed))
        yield World(prometheus, first, deployed)


def served(material, **settings):
    return material.served(bundle=material.folder / "mixed", **settings)


def service_job(*ports):
    """Labels as the operator's scraping gives them."""
    found = [{"targets": [f"127.0.0.1:{port}" for port in ports], "labels": {"namespace": "services"}}]
    return {"job_name": SERVICE, "static_configs": found}


@contextmanager
def load(instance, rows):
    """Callers of all kinds, until the block ends: good ones, one without a key, one in a hurry, one with odd input."""
    ended = threading.Event()
    caller = threading.Thread(target=partial(call, instance.port, instance.key, rows, ended), daemon=True)
    caller.start()
    try:
        yield
    finally:
        ended.set()
        caller.join(timeout=30)


def call(port, key, rows, ended):
    good, odd = json.dumps({"rows": rows}), json.dumps({"rows": [{"mass": "heavy"}]})
    asked = {"X-API-Key": key, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in count():
        new = json.dumps({"rows": [{**rows[0], "mass": 1 + number / 1e6}]})  # no cache knows it
        hurried = new, {**asked, "X-Request-Timeout-Ms": "0"}
        for body, headers in [(good, asked)] * 8 + [(odd, asked), (good, {}), hurried]:
            connection.request("POST", "/v1/predict", body, headers)
            connection.getresponse().read()
        if ended.wait(0.05):  # some hundred requests a second are enough
            break
    connection.close()
