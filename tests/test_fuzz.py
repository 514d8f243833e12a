"""A hundred thousand requests, most of them wrong in some way: the service never fails, and says what is wrong."""

import json
import re
import socket
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fuzz import Corpus
from serving import Material

NUMBER = 100_000
CHUNK = 2_000
PIPELINE = 16
LARGEST = 90_000
"""Bytes of a body, so that some are larger."""
MOST_GROWTH = 64_000_000
"""Bytes by which the process may grow after the first tenth."""
PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "request_id"}


@pytest.fixture(scope="module")
def material(bake, project_env, tmp_path_factory):
    project = bake(tmp_path_factory.mktemp("project"))
    return Material.make(project, project_env, tmp_path_factory.mktemp("made") / "material")


@pytest.fixture(scope="module")
def service(material):
    with material.served(bundle=material.folder / "mixed", max_body_bytes=LARGEST) as service:
        yield service


class Documented:
    """Which statuses a request may get, says the service's own OpenAPI document."""

    def __init__(self, document):
        self.document = document
        self.anywhere = set(re.findall(r"\b[45]\d\d\b", document["info"]["description"]))
        told = (operation for item in document["paths"].values() for operation in item.values())
        self.any = self.anywhere.union(*(one["responses"] for one in told if "responses" in one))
        self.paths = {path: re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path in document["paths"]}

    def statuses(self, method, path):
        found = set(self.anywhere)
        known = [self.document["paths"][name] for name, pattern in self.paths.items() if pattern.fullmatch(path)]
        for item in known:
            found |= set(item.get("get" if method == "HEAD" else method.lower(), {}).get("responses", {}))
        return found if known else found | {"404"}


class Connection:
    """One connection, byte for byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def answer(self, method):
        """Status, headers and body of the next final answer; None when there is no more."""
        status = 100
        while status == 100:
            line = self.file.readline()
            if not line:
                return None
            status = int(line.split()[1])
            pairs = (line.decode("latin-1").strip().partition(": ") for line in iter(self.file.readline, b"\r\n"))
            headers = {name.lower(): value for name, _, value in pairs}
        length = 0 if method == "HEAD" else int(headers["content-length"])
        body = self.file.read(length)
        assert len(body) == length, "the answer is cut off"
        return status, headers, body

    def close(self):
        self.file.close()
        self.socket.close()


def converse(port, shots):
    """Each whole shot with its answer, several at a time on one connection; others alone, with whatever comes."""
    pending = deque(shot for shot in shots if shot.whole)
    while pending:
        connection = Connection(port)
        keep = True
        while pending and keep:
            batch = [pending.popleft() for _ in range(min(PIPELINE, len(pending)))]
            connection.socket.sendall(b"".join(shot.data for shot in batch))
            for at, shot in enumerate(batch):
                answer = connection.answer(shot.method)
                assert answer, f"no answer to {shot.data[:2000]!r}"
                yield shot, answer
                keep = answer[1].get("connection") != "close"
                if not keep:
                    pending.extendleft(reversed(batch[at + 1 :]))
                    break
        connection.close()
    for shot in (shot for shot in shots if not shot.whole):
        connection = Connection(port)
        connection.socket.sendall(shot.data)
        connection.socket.shutdown(socket.SHUT_WR)
        while answer := connection.answer(shot.method):
            yield shot, answer
        connection.close()


def complaint(documented, shot, answer):
    """What is wrong with an answer; empty when nothing is."""
    status, headers, body = answer
    if status in (503, 504) and shot.hurried:
        return ""
    if status >= 500:
        return "it failed"
    allowed = documented.statuses(shot.method, shot.path) if shot.whole else documented.any
    if str(status) not in allowed:
        return "no such status is documented"
    if shot.method == "HEAD" or status < 400:
        return ""
    if headers.get("content-type") != PROBLEM:
        return "an error without a problem document"
    found = json.loads(body)
    return "" if found["status"] == status and found.keys() >= MEMBERS else "the problem document is not whole"


def memory(pid):
    """What a process holds in memory, in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024


def test_whatever_is_sent(material, service):
    documented = Documented(json.loads(service.ask("GET", "/openapi.json")[1]))
    keys = [material.keys["tester"], material.keys["operator"]]
    statuses, complaints = Counter(), {}

    def fire(seed):
        for shot, answer in converse(service.port, Corpus(seed, material.mixed, keys).shots(CHUNK)):
            statuses[answer[0]] += 1
            if wrong := complaint(documented, shot, answer):
                kind = f"{wrong}: {answer[0]} to {shot.method} {shot.path}"
                complaints[kind] = f"{kind} (seed {seed})\n{answer}\n{shot.data[:1000]!r}"

    seeds = range(NUMBER // CHUNK)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fire, seeds[: len(seeds) // 10]))
        before = memory(service.pid)
        list(pool.map(fire, seeds[len(seeds) // 10 :]))
    growth = memory(service.pid) - before
    told = f"{statuses}; grown by {growth / 1e6:.1f} MB"
    print(told)
    assert not complaints, "\n".join([told, *complaints.values()])
    assert growth < MOST_GROWTH, told
    assert {200, 400, 401, 403, 404, 405, 413, 422, 431} <= statuses.keys(), f"the corpus has become too tame: {told}"
    assert not [line for line in service.lines() if line.get("level") == "ERROR"], told
    status, body = service.predict(material.mixed[0])
    assert status == 200
    assert json.loads(body)["predictions"][0]["label"] == "benign"


def test_what_the_controls_answer_is_documented(service):
    """All of schemathesis' checks are in the project's own tests; there, nobody is refused by a control."""
    documented = Documented(json.loads(service.ask("GET", "/openapi.json")[1]))
    asking = [
        path
        for path, item in documented.document["paths"].items()
        if path.endswith(("predict", "infer", "invocations"))
    ]
    assert len(asking) == 5
    for path in asking:
        assert documented.statuses("POST", path) >= {"401", "403", "429", "503", "504"}, path
