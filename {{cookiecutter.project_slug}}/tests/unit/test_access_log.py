"""The line of each request: what it says, when it is written, and that nobody waits for whoever reads it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from piped import ENVIRONMENT, HEAD, Pipe, lines_of, piped, run
from service.call import Call
from service.lines import Lines
from service.logs import AccessLog


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    with piped() as found:
        yield found


def answered(**changes: Any) -> Call:
    call = Call(request_id="r-1", method="POST", route="/v1/predict", status=200)
    for name, value in changes.items():
        setattr(call, name, value)
    return call


def test_the_line_of_a_request(pipe: Pipe) -> None:
    full = answered(
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        status=503,
        principal="clinic",
        model="tumours",
        version="7",
        rows=2,
        batch=32,
        cached=True,
        degraded="default",
        error="Overloaded",
    )
    access = AccessLog("info", lines=pipe.lines)
    access.write(full)
    access.write(answered())
    first, second = pipe.read()
    assert first.pop("timestamp").endswith("Z")
    assert 0 <= first.pop("milliseconds") < 60_000
    assert first == {
        "level": "INFO",
        "logger": "service.access",
        "message": "request",
        "request_id": "r-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "method": "POST",
        "route": "/v1/predict",
        "status": 503,
        "principal": "clinic",
        "model": "tumours",
        "version": "7",
        "rows": 2,
        "batch": 32,
        "cached": True,
        "degraded": "default",
        "error": "Overloaded",
    }
    assert set(second) == {
        *("timestamp", "level", "logger", "message", "request_id"),
        *("method", "route", "status", "milliseconds"),
    }


@pytest.mark.parametrize(
    ("level", "routes"),
    [("debug", ["/healthz", "/v1/predict"]), ("info", ["/v1/predict"]), ("warning", []), ("error", [])],
)
def test_quiet_routes_are_logged_at_debug_only(pipe: Pipe, level: str, routes: list[str]) -> None:
    access = AccessLog(level, frozenset({"/healthz"}), pipe.lines)
    access.write(answered(route="/healthz"))
    access.write(answered())
    assert [line["route"] for line in pipe.read()] == routes


def test_features_are_logged_only_when_they_are_handed_over(pipe: Pipe) -> None:
    access = AccessLog("info", lines=pipe.lines)
    access.write(answered(rows=1))
    access.write(answered(rows=1), features=[{"mass": 2.5, "site": None}])
    access.write(answered(rows=1), features=[{"odd": {1, 2}, "more": object}])
    without, with_, odd = pipe.read()
    assert "features" not in without
    assert with_["features"] == [{"mass": 2.5, "site": None}]
    assert odd["features"][0]["odd"] == [1, 2]


def test_a_name_that_is_no_unicode_is_logged_all_the_same(pipe: Pipe) -> None:
    AccessLog("info", lines=pipe.lines).write(answered(principal='x\ud800\n{"forged": 1}'))
    [line] = pipe.read()
    assert line["principal"].startswith("x\\ud800")
    assert (line["route"], line["status"]) == ("/v1/predict", 200)


def test_lines_of_one_turn_are_written_together_at_its_end(pipe: Pipe) -> None:
    async def turn() -> tuple[int, int]:
        for _ in range(3):
            access.write(answered())
        before = len(pipe.read())
        await asyncio.sleep(0)
        return before, len(pipe.read())

    access = AccessLog("info", lines=pipe.lines)
    assert asyncio.run(turn()) == (0, 3)
    assert asyncio.run(turn()) == (0, 3)  # another loop


def test_a_flush_writes_at_once(pipe: Pipe) -> None:
    async def turn() -> int:
        access.write(answered())
        access.flush()
        return len(pipe.read())

    access = AccessLog("info", lines=pipe.lines)
    assert asyncio.run(turn()) == 1


CROWD = """
import asyncio, threading
from service.call import Call
logs.configure("info")
log = logging.getLogger("crowd")
access = logs.AccessLog("info")
def talk(number):
    for n in range(300):
        log.info("%d %s", n, f"<{number}>" * (1 + 97 * n % (700 if n % 10 == 0 else 40)))
async def serve():
    for n in range(300):
        for _ in range(5):
            access.write(Call(request_id="x" * (n % 64), route="/v1/predict"))
        await asyncio.sleep(0)
threads = [threading.Thread(target=talk, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
asyncio.run(serve())
for thread in threads: thread.join()
logs.STDOUT.close(60)
"""


@pytest.mark.parametrize("into", ["pipe", "file"])
def test_lines_stay_whole_in_a_crowd(tmp_path: Path, into: str) -> None:
    if into == "pipe":
        found = lines_of(run(CROWD).stdout)
    else:
        with (tmp_path / "log").open("wb") as file:
            command = [sys.executable, "-c", HEAD + CROWD]
            subprocess.run(command, env=ENVIRONMENT, stdout=file, check=True)
        found = lines_of((tmp_path / "log").read_text())
    told = sum(line["logger"] in ("crowd", "service.access") for line in found)
    assert told > 1000
    assert told + sum(line.get("dropped", 0) for line in found) == 8 * 300 + 1500  # a slow machine may not keep up


def test_lines_of_two_processes_on_one_pipe_stay_whole() -> None:
    program = """
from service.call import Call
access = logs.AccessLog("info")
for _ in range(3000):
    access.write(Call(request_id=sys.argv[1] * 60, route="/v1/predict"))
logs.STDOUT.close(30)
"""
    reader, writer = os.pipe()
    running = [
        subprocess.Popen([sys.executable, "-c", HEAD + program, name], env=ENVIRONMENT, stdout=writer) for name in "ab"
    ]
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        found = lines_of(file.read())
    assert [process.wait() for process in running] == [0, 0]
    ids = [line["request_id"] for line in found]
    assert (ids.count("a" * 60), ids.count("b" * 60)) == (3000, 3000)


def test_nobody_waits_for_a_reader_that_does_not_read(pipe: Pipe) -> None:
    access = AccessLog("info", lines=pipe.lines)
    for number in range(10_000):
        access.write(answered(rows=number))
    for _ in range(10):
        pipe.lines.add(b'{"n": "%b"}\n' % (b"x" * 5000))
    found = pipe.read()
    while not pipe.lines.flush() or len(found) < 1:
        found += pipe.read()
    found += pipe.read()
    [told] = [line for line in found if "dropped" in line]
    kept = [line["rows"] for line in found if line.get("rows")]
    assert told["dropped"] > 0
    assert len(found) - 1 + told["dropped"] == 10_010
    assert kept == list(range(1, len(kept) + 1))  # the oldest, in order
    access.write(answered(rows=-1))
    assert [line["rows"] for line in pipe.read()] == [-1]


def test_what_a_slow_reader_left_behind_comes_later_by_itself(pipe: Pipe) -> None:
    async def serve() -> int:
        for number in range(1000):
            access.write(answered(rows=number))
        await asyncio.sleep(0)
        read = len(pipe.read())
        assert read < 1000
        async with asyncio.timeout(30):
            while read < 1000:
                await asyncio.sleep(0.01)
                read += len(pipe.read())
        return read

    access = AccessLog("info", lines=pipe.lines)
    assert asyncio.run(serve()) == 1000


def test_what_a_slow_reader_left_behind_outlives_the_loop(pipe: Pipe) -> None:
    async def serve() -> None:
        for number in range(1, 1001):
            access.write(answered(rows=number))
            await asyncio.sleep(0)

    access = AccessLog("info", lines=pipe.lines)
    asyncio.run(serve())
    found = pipe.read()
    while not pipe.lines.flush():
        found += pipe.read()
    found += pipe.read()
    assert [line["rows"] for line in found] == list(range(1, 1001))


def test_closing_waits_for_a_slow_reader_but_not_for_one_that_is_gone(pipe: Pipe) -> None:
    pipe.lines.add(b'{"n": 1}\n' * 50_000)
    found: list[dict[str, Any]] = []
    reading = threading.Thread(target=lambda: found.extend(slowly(pipe.reader, 50_000)))
    reading.start()
    pipe.lines.close(30)
    reading.join()
    assert len(found) == 50_000
    pipe.lines.add(b'{"n": 2}\n' * 50_000)
    pipe.lines.close(0.05)
    assert len(pipe.read()) < 50_000


def slowly(reader: int, count: int) -> list[dict[str, Any]]:
    found = b""
    while found.count(b"\n") < count:
        found += os.read(reader, 4096)
    return lines_of(found.decode())


@pytest.mark.parametrize("closed", ["reader", "writer"])
def test_a_closed_output_fails_nothing(closed: str) -> None:
    reader, writer = os.pipe()
    lines = Lines(writer)
    access = AccessLog("info", lines=lines)
    access.write(answered())
    os.close(reader if closed == "reader" else writer)
    for _ in range(10_000):
        access.write(answered())
    lines.close()
    os.close(writer if closed == "reader" else reader)


def test_those_who_share_the_pipe_may_still_wait_on_it(pipe: Pipe) -> None:
    AccessLog("info", lines=pipe.lines).write(answered())
    assert os.get_blocking(pipe.fd)


def test_a_socket_that_nobody_reads_holds_nobody_up() -> None:
    reader, writer = socket.socketpair()
    with reader, writer:
        access = AccessLog("info", lines=Lines(writer.fileno()))
        for _ in range(5000):
            access.write(answered())
        assert writer.getblocking()
        assert reader.recv(1 << 20).startswith(b'{"timestamp":')
