"""What happens to callers when things go wrong: nobody gets a wrong answer, and none is lost that was promised."""

import json
import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from needs import need, need_command
from pressure import pressure
from project import free_port, listening, until
from serving import Material

FULL = "503 Audit unavailable"


@pytest.fixture(scope="module")
def made(bake, project_env, tmp_path_factory):
    project = bake(tmp_path_factory.mktemp("project"))
    return Material.make(project, project_env, tmp_path_factory.mktemp("made") / "material")


@pytest.fixture
def material(made, tmp_path):
    return made.copy(tmp_path / "material")


def connections(pid, port):
    """How many connections to the port a process holds."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{words[9]}]" for words in lines if words[1].endswith(f":{port:04X}") and words[3] == "01"}
    return sum(os.readlink(handle) in ours for handle in Path(f"/proc/{pid}/fd").iterdir())


def test_a_worker_is_killed(material):
    """Lost is what was in flight on its connections, at most one request on each; all else goes on."""
    with material.served(workers=2) as service:
        workers = until(lambda: len(found := service.workers()) == 2 and found)
        with pressure(material, service.port) as load:
            bound = 0
            for place, pid in workers.items():
                until(lambda pid=pid: connections(pid, service.port))
                os.kill(pid, signal.SIGSTOP)  # so that what it holds can be counted
                bound += connections(pid, service.port)
                os.kill(pid, signal.SIGKILL)
                load.goes_on()
                new = until(lambda place=place, pid=pid: (now := service.workers()[place]) != pid and now)
                until(lambda new=new: connections(new, service.port))
                load.goes_on()
            outcome = load.finish()
    assert outcome.lost > 0, str(outcome)
    assert outcome.promised(lost=bound), f"{outcome}\nconnections of killed workers: {bound}"
    assert [line["code"] for line in service.logged("worker ended")] == [-9, -9]


def switch(link, target):
    """Makes a link point elsewhere, at once, as ``pull`` does."""
    link.with_suffix(".new").symlink_to(target)
    link.with_suffix(".new").replace(link)


def test_models_are_replaced_ten_times(material):
    """Each answer is that of the version it names, and there is one to every request."""
    link = material.folder / "current"
    switch(link, "first")
    with material.served(workers=2, bundle=link) as service:
        until(lambda: len(service.workers()) == 2)
        with pressure(material, service.port) as load:
            for turn in range(10):
                name, version = (("second", "2"), ("first", "1"))[turn % 2]
                switch(link, name)
                until(lambda turn=turn: len(service.logged("bundle loaded")) == 2 * (turn + 2))
                load.goes_on(200, version)
            outcome = load.finish()
    assert outcome.none_lost_or_wrong, str(outcome)


def test_keys_are_rotated(material):
    """Who changes keys while both work notices nothing; the old one, revoked or expired, lets nobody in any more."""
    row, first = material.rows[0], material.key
    with material.served() as service, pressure(material, service.port) as load:

        def change(old, *words):
            new = material.command("keys", *words).strip()
            until(lambda: service.predict(row, new)[0] == 200)
            load.goes_on()
            assert service.predict(row, old)[0] == 200
            load.switch(new)
            return new

        second = change(first, "rotate", "predict-holder", "--overlap", "1h")
        oldest = next(line for line in material.command("keys", "list").splitlines() if "predict-holder" in line)
        material.command("keys", "revoke", "predict-holder", "--id", oldest.split()[1])
        until(lambda: service.predict(row, first)[0] == 401)
        change(second, "create", "successor")
        material.command("keys", "rotate", "predict-holder", "--overlap", "0m")
        until(lambda: b"expired" in service.predict(row, second)[1])
        load.goes_on()
        outcome = load.finish()
    assert outcome.none_lost_or_wrong, str(outcome)


@contextmanager
def redis(folder, port):
    """A Redis that keeps nothing."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    server = need_command("redis-server", "valkey-server")
    process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
    try:
        until(lambda: listening(port))
        yield
    finally:
        process.kill()
        process.wait()


def test_redis_goes_and_comes_back(material, tmp_path):
    """Without it each worker limits by itself, and says so; no caller notices."""
    port, counted = free_port(), 'remote_calls_total{outcome="ok",remote="redis"}'

    def limited_by_itself(service):
        return service.metric("rate_limit_degraded")

    with ExitStack() as all_along, ExitStack() as before:
        before.enter_context(redis(tmp_path, port))
        service = all_along.enter_context(material.served(workers=2, redis=f"redis://127.0.0.1:{port}"))
        load = all_along.enter_context(pressure(material, service.port))
        until(lambda: not limited_by_itself(service))
        before.close()
        until(lambda: limited_by_itself(service))
        load.goes_on()
        with redis(tmp_path, port):
            until(lambda: not limited_by_itself(service))
            asked = service.metric(counted)
            load.goes_on()
            until(lambda: service.metric(counted) > asked)
            outcome = load.finish()
    assert outcome.none_lost_or_wrong, str(outcome)


@pytest.mark.parametrize("policy", ["refuse", "shed"])
def test_the_disk_of_the_record_is_full(material, policy):
    """By one policy there is no answer without a record, by the other the record says how many it lacks."""
    at = material.folder / "disk"
    at.mkdir()
    mount = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
    allowed = subprocess.run([*mount, f"mount -t tmpfs none {at}"], capture_output=True).returncode == 0
    need(allowed, "allow user namespaces: the test gives the service a small disk of its own")
    before = (*mount, f'mount -t tmpfs -o size=64m none {at} && exec "$@"', "sh")
    with material.served(*before, audit=at / "audit", audit_full=policy) as service:
        disk = Path(f"/proc/{service.pid}/root") / at.relative_to("/")
        with pressure(material, service.port) as load:
            with filled(disk):
                until(lambda: unrecorded(service))
                until(lambda: service.ask("GET", "/readyz")[0] == (503 if policy == "refuse" else 200))
                if policy == "shed":
                    load.goes_on()
            until(lambda: service.ask("GET", "/readyz")[0] == 200)
            load.goes_on()
            outcome = load.finish()
        refused = service.metric('http_requests_refused_total{reason="audit"}')
        failures = unrecorded(service)
        shutil.copytree(disk / "audit", material.folder / "audit")
    said = material.command("audit", "verify")
    recorded = list(decisions(material.folder / "audit"))
    told = f"{outcome}\n{said}"
    assert outcome.promised(lost=0, refusals=[FULL]), told
    assert len(recorded) == len(set(recorded)), told
    if policy == "refuse":
        assert sum(outcome.refused.values()) == refused == failures > 0, told
        assert set(recorded) == set(outcome.ids), told
    else:
        assert not outcome.refused, told
        assert f"\n{failures:.0f} decisions went unrecorded" in said, told
        assert set(recorded) < set(outcome.ids), told
        assert len(recorded) + failures == outcome.answered, told


def unrecorded(service):
    """How many decisions the service says it could not record."""
    return sum(service.metric(f'audit_failures_total{{kind="{kind}"}}') for kind in ("full", "io"))


@contextmanager
def filled(disk):
    """Leaves no room on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1_000_000, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    yield
    filler.unlink()


def decisions(folder):
    """The ids of all requests in a record."""
    for segment in folder.glob("*/*.jsonl"):
        for line in segment.read_text().splitlines():
            found = json.loads(line)
            if found["kind"] == "decision":
                yield found["request"]


PROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout check 10s
    option httpchk GET /readyz
frontend callers
    bind 127.0.0.1:{port}
    default_backend services
backend services
    default-server check inter 100ms fall 1 rise 1
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
"""


@contextmanager
def proxy(folder, one, two):
    """HAProxy before two services; gives its port."""
    port = free_port()
    (folder / "haproxy.cfg").write_text(PROXY.format(port=port, one=one, two=two))
    process = subprocess.Popen([need_command("haproxy"), "-db", "-q", "-f", folder / "haproxy.cfg"])
    try:
        until(lambda: listening(port))
        yield port
    finally:
        process.kill()
        process.wait()


def test_one_of_two_behind_a_proxy_is_stopped(material, tmp_path):
    """It says that it is not ready, answers what still comes, and ends when the proxy asks it no more."""
    with (
        material.served(drain_seconds=2) as one,
        material.served(audit=tmp_path / "audit") as two,
        proxy(tmp_path, one.port, two.port) as port,
        pressure(material, port) as load,
    ):
        until(lambda: all(service.metric("model_predictions_total") > 100 for service in (one, two)))
        assert one.stop() == 0
        load.goes_on()
        outcome = load.finish()
    assert outcome.none_lost_or_wrong, str(outcome)
