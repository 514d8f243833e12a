"""How the service starts and ends, as users run it: in one process, or in several behind one socket."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from process import Installed, Process, install, running
from running import until
from wire import Wire

FOR_EVER = 1000


def ask(installed: Installed, wire: Wire) -> int:
    """The status of a prediction."""
    wire.send(installed.prediction())
    return wire.answer().status


def asked_anew(installed: Installed, service: Process) -> int:
    with service.wire() as wire:
        return ask(installed, wire)


def counted(service: Process) -> int:
    """How many predictions have been answered, says whichever process is asked."""
    with service.wire() as wire:
        text = wire.get("/metrics").body.decode()
    found = re.findall(r'^http_requests_total\{.*route="/v1/predict".*\} (\S+)$', text, re.MULTILINE)
    return int(sum(map(float, found)))


def workers(service: Process) -> dict[int, int]:
    """The newest process at each place."""
    return {line["worker"]: line["pid"] for line in service.logged("worker ready")}


def replaced(service: Process, place: int, pid: int) -> bool:
    return workers(service)[place] != pid


@pytest.mark.parametrize("processes", [1, 2])
def test_requests_in_flight_are_answered_before_it_ends(tmp_path: Path, processes: int) -> None:
    installed = install(tmp_path, workers=processes)
    with installed.run() as service, service.wire() as idle, service.wire() as half:
        assert idle.get("/readyz").status == 200
        request = installed.prediction()
        half.send(request[:-1])
        with service.wire() as other:  # so that the half is surely read
            assert other.get("/healthz").status == 200
        service.signal()
        until(lambda: service.logged("draining"))
        assert idle.rest() == b""
        half.send(request[-1:])
        answer = half.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert service.code() == 0
    assert service.logged("stopped")
    assert not service.errors


def test_while_it_drains_it_is_not_ready_and_answers_all_the_same(tmp_path: Path) -> None:
    installed = install(tmp_path, drain_seconds=FOR_EVER)
    with installed.run() as service, service.wire() as wire:
        assert ask(installed, wire) == 200
        service.signal()
        until(lambda: service.logged("draining"))
        ready = wire.get("/readyz")
        assert (ready.status, ready.headers["connection"]) == (503, "close")
        assert wire.rest() == b""
        assert asked_anew(installed, service) == 200
        service.signal()  # once more changes nothing
        assert asked_anew(installed, service) == 200
        service.signal(signal.SIGINT)  # but a person who insists ends it at once
        assert service.code() == 130


@pytest.mark.parametrize("processes", [1, 2])
def test_no_client_notices_that_it_ends(tmp_path: Path, processes: int) -> None:
    installed = install(tmp_path, workers=processes, drain_seconds=1)
    outcomes: Counter[str] = Counter()
    told = threading.Event()

    def client(service: Process, port: int) -> None:
        """Keep connections as long as the service does; stop when nobody accepts any more."""
        while True:
            try:
                wire = Wire(port)
            except ConnectionRefusedError:
                return
            with wire:
                keep = True
                while keep:
                    wire.send(installed.prediction())
                    answer = wire.answer()
                    outcomes[f"{answer.status}{' after' if told.is_set() else ''}"] += 1
                    keep = answer.headers.get("connection") != "close"

    with installed.run() as service, ThreadPoolExecutor(50) as pool:
        clients = [pool.submit(client, service, service.port) for _ in range(50)]
        until(lambda: outcomes["200"] > 500)
        service.signal()
        until(lambda: service.logged("draining"))
        told.set()
        for done in clients:
            done.result()
        assert service.code() == 0
    assert set(outcomes) == {"200", "200 after"}


def test_what_cannot_be_finished_in_time_is_cut_off_and_said_so(tmp_path: Path) -> None:
    installed = install(tmp_path, grace_seconds=0)
    with installed.run() as service, service.wire() as half:
        half.send(installed.prediction()[:-1])
        assert asked_anew(installed, service) == 200
        service.signal()
        assert service.code() == 1
    assert service.logged("requests cut off")[0]["requests"] == 1
    assert service.logged("stopped")


@pytest.mark.parametrize("processes", [1, 2])
def test_what_keeps_it_from_starting_is_said_once(tmp_path: Path, processes: int) -> None:
    installed = install(tmp_path, workers=processes)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for setting, value in {"port": taken.getsockname()[1], "api_keys": tmp_path / "nothing.json"}.items():
            with installed.with_settings(**{setting: value}).run() as service:
                assert service.code() == 2
            assert str(value) in service.errors[0]
            assert len(service.errors) == 1
            assert not service.logged("ready")


def test_a_worker_that_is_killed_is_replaced_and_its_counts_stay(tmp_path: Path) -> None:
    installed = install(tmp_path, workers=2)
    with installed.run() as service, service.wire() as half:
        until(lambda: len(workers(service)) == 2)
        half.send(installed.prediction()[:-1])  # in flight when its worker dies
        (folder,) = tmp_path.glob("service-metrics-*")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for _ in range(20):
            assert asked_anew(installed, service) == 200
        assert counted(service) == 20

        before = workers(service)
        for place in before:  # one after the other, so each has counted something and died
            os.kill(before[place], signal.SIGKILL)
            for _ in range(20):
                assert asked_anew(installed, service) == 200  # by the other one
            until(partial(replaced, service, place, before[place]))
        assert counted(service) == 60
        assert [line["code"] for line in service.logged("worker ended")] == [-9, -9]
        with service.wire() as wire:
            assert b"\nhttp_requests_in_flight 0.0\n" in wire.get("/metrics").body
        assert len(list(folder.glob("counter_*.db"))) == 2  # each counts on where its predecessor ended

        service.signal()
        assert service.code() == 0
    assert len(service.logged("stopped")) == 2
    assert not list(tmp_path.glob("service-metrics-*"))


def test_a_worker_that_cannot_start_again_is_tried_less_and_less_often_until_it_can(tmp_path: Path) -> None:
    installed = install(tmp_path, workers=2)
    keys = tmp_path / "api-keys.json"
    with installed.run() as service:
        until(lambda: len(workers(service)) == 2)
        content = keys.read_bytes()
        keys.write_text("no keys")
        os.kill(workers(service)[0], signal.SIGKILL)
        ended = until(lambda: len(found := service.logged("worker ended")) >= 3 and found)
        assert [line["code"] for line in ended[:3]] == [-9, 2, 2]
        waits = [line["next_seconds"] for line in ended[:3]]
        assert waits[0] == 0 < waits[1] < waits[2]
        assert asked_anew(installed, service) == 200  # by the other one
        gauges = {path.stem[-1] for path in tmp_path.glob("service-metrics-*/gauge_live*.db")}
        assert gauges == {"1"}  # nothing is said any more of the one that is gone
        keys.write_bytes(content)
        until(lambda: len(service.logged("worker ready")) == 3)


def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    with install(tmp_path, workers=2).run() as service:
        until(lambda: len(workers(service)) == 2)
        service.signal(signal.SIGKILL)
        service.code()  # the pipes are closed by the last process that has them
    assert len(service.logged("stopped")) == 2


def test_a_person_who_asks_twice_ends_all_workers_at_once(tmp_path: Path) -> None:
    with install(tmp_path, workers=2, drain_seconds=FOR_EVER).run() as service:
        until(lambda: len(workers(service)) == 2)
        service.signal(signal.SIGINT)
        until(lambda: len(service.logged("draining")) == 2)
        service.signal(signal.SIGINT)
        assert service.code() == 130


HANGING = """
import socket
from service import logs, server, supervisor
logs.configure("info")
listener = socket.create_server(("127.0.0.1", 0))
def ready():
    logs.logging.info("ready", extra={"url": "http://127.0.0.1:%d" % listener.getsockname()[1]})
raise SystemExit(supervisor.Supervisor(1, listener, ready, 30, hung_seconds=3).run())
"""


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    installed = install(tmp_path)
    with running(installed.environment, "-c", HANGING) as service:
        until(lambda: len(workers(service)) == 1)
        os.kill(workers(service)[0], signal.SIGSTOP)
        until(lambda: service.logged("worker hangs"))
        until(lambda: len(service.logged("worker ready")) == 2)
        assert asked_anew(installed, service) == 200
        service.signal()
        assert service.code() == 0


LIMITED = """
import resource, sys
from service.__main__ import main
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 138))
sys.exit(main([]))
"""


def test_where_files_are_few_connections_are_refused_rather_than_broken(tmp_path: Path) -> None:
    installed = install(tmp_path)
    with running(installed.environment, "-c", LIMITED) as service, ExitStack() as stack:
        wires = [stack.enter_context(service.wire()) for _ in range(10)]
        assert {wire.get("/healthz").status for wire in wires} == {200}
        assert service.logged("fewer connections than SERVICE_MAX_CONNECTIONS, as this process may not open more files")
        with service.wire() as wire:
            assert wire.get("/healthz").status == 503


def test_health_is_that_of_the_service_on_this_machine(tmp_path: Path) -> None:
    installed = install(tmp_path)

    def health(port: int) -> tuple[int, list[str]]:
        with installed.with_settings(port=port).run("health") as probe:
            return probe.code(), probe.errors

    with installed.run() as service:
        port = service.port
        assert health(port) == (0, [])
    code, errors = health(port)
    assert code == 1
    assert errors[0].startswith("not ready: ")
