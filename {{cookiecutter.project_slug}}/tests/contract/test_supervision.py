"""What a service survives that starts or goes on with less than it should have."""

from __future__ import annotations

import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from process import Installed, Process, install, running
from running import until
from service import audit
from wire import Wire

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"),
    reason="processes are limited by prlimit, and looked at in /proc, as Linux has them",
)
CLOSED = """
import os, sys
os.closerange(0, 3)
os.execv(sys.executable, [sys.executable, "-m", "service", *sys.argv[1:]])
"""
SUPERVISED = """
import resource, socket, sys, tempfile
from service import logs, supervisor
logs.configure("info")
listener = socket.create_server(("127.0.0.1", 0))
def ready():
    logs.logging.info("ready", extra={"url": "http://127.0.0.1:%d" % listener.getsockname()[1]})
"""
RUN = "sys.exit(supervisor.Supervisor(1, listener, ready, 30).run())"
SCARCE = """
tempfile.gettempdir()  # looks for it by writing a file
resource.setrlimit(resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
"""
IMPATIENT = """
supervisor.STEADY_SECONDS = 0
sys.exit(supervisor.Supervisor(1, listener, ready, 30, start_seconds=15).run())
"""


def pids(service: Process) -> list[int]:
    """The workers that have been ready, the newest one last."""
    return [line["pid"] for line in service.logged("worker ready")]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def files(pid: int) -> dict[int, str]:
    """What a process has open, by number."""
    found = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found[int(path.name)] = os.readlink(path)
    return found


def allow(service: Process, most: int) -> None:
    """Let a process open files only under numbers below this one."""
    hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (most, hard))


def asked(installed: Installed, port: int) -> int:
    """The status of a prediction; 0 while nobody accepts."""
    try:
        with Wire(port) as wire:
            wire.send(installed.prediction())
            return wire.answer().status
    except ConnectionError:
        return 0


@pytest.mark.parametrize("processes", [1, 2])
def test_where_the_standard_streams_are_closed_nothing_else_gets_what_is_written_there(
    tmp_path: Path, processes: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    installed = install(tmp_path, port=port, workers=processes)
    with running(installed.environment, "-c", CLOSED) as service:
        until(lambda: asked(installed, port) == 200)
        for pid in (service.pid, *children(service.pid)):
            assert [files(pid)[number] for number in range(3)] == [os.devnull] * 3
        service.signal()
        assert service.code() == 0
    report = audit.verify(tmp_path / "audit", audit.load_public_keys([tmp_path / "audit.pem.pub"]))
    assert (report.findings, report.records) == ([], 1)


def test_a_command_whose_output_nobody_wants_ends_well(tmp_path: Path) -> None:
    with running(install(tmp_path).environment, "-c", CLOSED, "keys", "list") as command:
        assert command.code() == 0


def test_a_supervisor_that_cannot_start_its_first_worker_yet_tries_again(tmp_path: Path) -> None:
    installed = install(tmp_path)
    with running(installed.environment, "-c", SUPERVISED + SCARCE + RUN) as service:
        failed = until(lambda: len(found := service.logged("worker could not be started")) >= 3 and found)
        assert [line["next_seconds"] for line in failed[:3]] == [0, 1, 2]
        allow(service, 100)
        assert asked(installed, service.port) == 200
        service.signal()
        assert service.code() == 0


def test_a_supervisor_that_is_out_of_files_for_a_while_goes_on(tmp_path: Path) -> None:
    installed = install(tmp_path)
    with running(installed.environment, "-W", "always::ResourceWarning", "-c", SUPERVISED + RUN) as service:
        (pid,) = until(lambda: pids(service))
        allow(service, 0)
        os.kill(pid, signal.SIGKILL)
        until(lambda: service.logged("worker could not be started"))
        before = files(service.pid)
        free = [number for number in range(100) if number not in before]
        allow(service, free[2])  # enough for the sockets, but not for the process
        seen = len(service.logged("worker could not be started"))
        until(lambda: len(service.logged("worker could not be started")) >= seen + 2)
        until(lambda: files(service.pid) == before)
        allow(service, 100)
        until(lambda: len(pids(service)) == 2)
        assert asked(installed, service.port) == 200
        assert not service.errors  # nothing was left for the garbage collector to close
        service.signal()
        assert service.code() == 0


def test_a_worker_that_hangs_before_it_is_ready_is_replaced_too_but_less_and_less_often(tmp_path: Path) -> None:
    installed = install(tmp_path)
    keys, pipe = tmp_path / "api-keys.json", tmp_path / "pipe"
    os.mkfifo(pipe)
    with running(installed.environment, "-c", SUPERVISED + IMPATIENT) as service, pipe.open("r+b", buffering=0):
        (pid,) = until(lambda: pids(service))
        content = keys.read_bytes()
        keys.write_text("no keys")
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(service.logged("worker ended")) >= 2)
        pipe.replace(keys)  # who reads it waits
        (hung,) = until(lambda: service.logged("worker hangs"))
        ended = until(lambda: [line for line in service.logged("worker ended") if line["pid"] == hung["pid"]])
        assert (hung["ready"], ended[0]["code"]) == (False, -9)
        waits = [line["next_seconds"] for line in service.logged("worker ended")]
        assert waits == sorted(waits)
        assert ended[0]["next_seconds"] > 0
        good = tmp_path / "good"
        good.write_bytes(content)
        good.replace(keys)
        until(lambda: len(pids(service)) == 2)
        assert asked(installed, service.port) == 200
        service.signal()
        assert service.code() == 0
