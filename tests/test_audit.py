"""`make audit` of a generated project: every locked package is asked about, and a known vulnerability stops it.

What is known comes from a stand-in for osv.dev that answers in its form.
"""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from project import end, free_port, start

HOLE = "GHSA-0000-test-0000"


@contextmanager
def known(*vulnerable):
    """A service that knows of one vulnerability in each of some packages; gives its address and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            asked.append((name, query["version"]))
            body = json.dumps({"vulns": [hole(name)]} if name in vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
    finally:
        server.shutdown()
        server.server_close()


def hole(name):
    events = [{"introduced": "0"}, {"fixed": "999.0"}]
    affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": HOLE, "schema_version": "1.6.0", "summary": "made for this test", "affected": [affected]}


def audit(project, *words):
    """The exit code of `make audit`, and what it says."""
    process = start(project, "make", "audit", *words)
    try:
        said, _ = process.communicate(timeout=500)
    finally:
        end(process)
    return process.returncode, said


def test_all_packages_of_all_locks_are_asked_about(new_project):
    with known() as (address, asked):
        code, said = audit(new_project, f"OSV={address}")
    assert code == 0, said
    locks = "".join(path.read_text() for path in new_project.glob("requirements/*.txt"))
    everywhere = set(re.findall(r"^([a-z0-9.-]+)==(\S+) \\$", locks, re.MULTILINE))  # on each platform
    assert {"onnxruntime", "mlflow-skinny", "pulumi", "lightgbm"} <= {name for name, _ in everywhere}
    assert everywhere <= set(asked)


@pytest.mark.parametrize(("accepted", "code"), [("", 2), (f"ACCEPTED={HOLE}", 0)], ids=["found", "accepted"])
def test_a_known_vulnerability_stops_it_unless_it_was_accepted(new_project, accepted, code):
    with known("cryptography") as (address, _):
        ended, said = audit(new_project, f"OSV={address}", *filter(None, [accepted]))
    assert ended == code, said
    assert (HOLE in said and "999.0" in said) == bool(code)


def test_it_does_not_pass_when_nobody_can_be_asked(new_project):
    code, _ = audit(new_project, f"OSV=http://127.0.0.1:{free_port()}/v1/query")
    assert code
