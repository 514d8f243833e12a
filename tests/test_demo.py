"""`make demo` in a generated project, as its first user runs it: what it shows, leaves behind and connects to."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys

import pytest

from needs import need_command
from project import end, free_port, group_lives, half_written, listening, run, served, start, until
from repository import ROOT

STEPS = ["training keygen", "training run", "training register", "training approve", "training pull", "service"]


def golden(project):
    """The first golden row's expected probabilities by class."""
    bundle = project / "models/current/bundle"
    classes = json.loads((bundle / "signature.json").read_text(encoding="utf-8"))["classes"]
    expected = json.loads((bundle / "golden.json").read_text(encoding="utf-8"))["expected"][0]
    return dict(zip(classes, expected, strict=True))


def curl(said):
    """The command that a demo printed."""
    return re.search(r"▸ (curl .*)", said)[1]


def registered(project):
    """How many versions the registry holds, and which bundle each is."""
    with sqlite3.connect(project / "mlflow.db") as registry:
        (versions,) = registry.execute("select count(*) from model_versions").fetchone()
        digests = registry.execute("select value from model_version_tags where key = 'bundle_digest'").fetchall()
    return versions, digests


def test_the_verdict_on_the_demo_names_what_is_missing(demo):
    done = subprocess.run(
        [sys.executable, "-m", "readiness", "check", demo.folder],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "policies")},
    )
    assert done.returncode == 1, done.stderr
    assert "NOT READY for prod" in done.stdout
    assert len(re.findall(r"^[DMSRG]\d .*(?:pass|FAIL|not evaluated)$", done.stdout, re.MULTILINE)) == 25


def test_each_step_is_named_and_timed(demo):
    for step in STEPS:
        after = demo.said.split(f"▸ python -m {step}")[1]
        assert re.search(r"^  (ready after )?\d+\.\d s$", after.partition("▸")[0], re.MULTILINE), step


def test_it_shows_what_was_made_by_whom_and_where_to_look(demo):
    release = (demo.folder / "models/current").resolve()
    approval = (release / "approval.json").read_text(encoding="utf-8")
    digest = re.search(r"sha256:[0-9a-f]{64}", demo.said.split("▸ curl")[1])[0]
    assert digest in approval
    end_of_it = demo.said.split("▸ curl")[1]
    for shown in ("version 1", "roc_auc", "log_loss", "demo@localhost"):
        assert shown in end_of_it
    for page in ("/", "/docs", ":5000"):
        assert re.search(rf"http://127\.0\.0\.1\S*{page}(\s|$)", end_of_it), page


def test_its_prediction_is_right(demo):
    answer = json.loads(re.search(r"^\{$.*?^\}$", demo.said, re.MULTILINE | re.DOTALL)[0])
    assert answer["predictions"][0]["probabilities"] == pytest.approx(golden(demo.folder), abs=1e-6)


def test_the_printed_command_can_be_run_again(demo):
    with served(demo.folder) as service:
        command = re.sub(r"http://127\.0\.0\.1:\d+", service.address, curl(demo.said))
        answer = json.loads(run(demo.folder, "sh", "-c", command))
    assert answer["predictions"][0]["probabilities"] == pytest.approx(golden(demo.folder), abs=1e-6)


def test_a_second_demo_registers_nothing_twice(demo):
    before = registered(demo.folder)
    assert before[0] == 1
    port = free_port()
    said = run(demo.folder, "make", "demo", f"PORT={port}")
    assert registered(demo.folder) == before
    assert "keygen" not in said
    assert not listening(port)


def test_every_command_that_it_names_does_as_it_says(demo):
    """Those that end by themselves; `make serve` and `make mlflow` are tried by other tests."""
    named = re.findall(r"^  (make \S+(?: [A-Z]+=\S+)?)  ", demo.said.split("What next")[1], re.MULTILINE)
    assert [command.split()[1] for command in named] == ["serve", "mlflow", "lineage", "help"]
    said = run(demo.folder, *named[2].split())
    assert "✓  approver" in said
    assert "✗" not in said
    assert "rollback" in run(demo.folder, *named[3].split())


def test_the_next_model_is_shipped_and_taken_back_on_the_same_machine(new_project):
    """As the README says, by a person who has no key but the demo's."""

    def served():
        return json.loads((new_project / "models/current/approval.json").read_text(encoding="utf-8"))["statement"]

    run(new_project, "make", "demo", f"PORT={free_port()}")
    params = new_project / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("n_estimators: 100", "n_estimators: 60"))
    run(new_project, "make", "train")
    run(new_project, "make", "register", "approve", "pull", "LOCAL=1", "NOTE=smaller, as good")
    assert (served()["version"], served()["approver"]) == ("2", "demo@localhost")
    assert served()["note"] == "smaller, as good"
    run(new_project, "make", "rollback", "LOCAL=1", "REASON=a try")
    assert served()["version"] == "1"
    alone = start(new_project, "make", "approve")
    said, _ = alone.communicate(timeout=300)
    assert alone.returncode != 0, "without LOCAL=1 the demo's key counts for nothing"
    assert "make approve LOCAL=1" in said


def interrupt(process, when):
    """Ctrl-C at a moment, as a terminal sends it to all of its foreground processes; gives what they printed."""
    until(lambda: when() or process.poll() is not None, seconds=300)
    assert process.poll() is None, process.stdout.read()
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), said  # make dies of the signal, of which a shell makes 130
    assert "Traceback" not in said
    until(lambda: not group_lives(process), seconds=10)
    return said


def test_ctrl_c_leaves_nothing_behind(new_project):
    """While training, and while serving: no process, no port, nothing half-written; the next run works."""
    port = free_port()

    def training():
        """MLflow is making its database, which takes it seconds; the model is fitted and not yet evaluated."""
        return any(new_project.glob("*mlflow.db*"))

    for moment in (training, lambda: listening(port)):
        process = start(new_project, "make", "demo", f"PORT={port}")
        try:
            assert "nothing was left running" in interrupt(process, moment)
        finally:
            end(process)
        assert half_written(new_project) == []
        assert not listening(port)
    assert registered(new_project)[0] == 1
    run(new_project, "make", "demo", f"PORT={port}")
    assert registered(new_project)[0] == 1


def test_make_serve_ends_well_with_ctrl_c(demo):
    port = free_port()
    process = start(demo.folder, "make", "serve", f"PORT={port}")
    try:
        said = interrupt(process, lambda: listening(port))
    finally:
        end(process)
    assert f"http://127.0.0.1:{port}/docs" in said
    assert not listening(port)


def test_a_port_that_is_taken_is_told_and_the_way_out_works(demo):
    """The error names SERVICE_PORT; make has a PORT of its own."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        refused = start(demo.folder, "make", "serve", SERVICE_PORT=taken)
        said, _ = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert f"127.0.0.1:{taken} cannot be listened on" in said
    assert "set SERVICE_PORT to a free port" in said


def test_nothing_phones_home(new_project, tmp_path):
    """Every address that any process of the demo talks to, telemetry of libraries included; no name is looked up."""
    strace = need_command("strace")
    seen = tmp_path / "addresses"
    calls = "--trace=connect,sendto,sendmsg,sendmmsg"
    watch = [strace, "--follow-forks", "--seccomp-bpf", calls, "--quiet=all", f"--output={seen}"]
    run(new_project, *watch, "make", "demo", f"PORT={free_port()}")
    internet = [line for line in seen.read_text().splitlines() if "sa_family=AF_INET" in line]
    loopback = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"')
    assert any(map(loopback.search, internet)), "the curl of the demo at least"
    assert [line for line in internet if not loopback.search(line) or "htons(53)" in line] == []
