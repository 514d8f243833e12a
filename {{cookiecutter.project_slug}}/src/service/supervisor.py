"""Keeps several workers running behind one socket."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from prometheus_client.multiprocess import mark_process_dead

from service.heart import Stethoscope
from service.metrics import SHARED

log = logging.getLogger("service")
STEADY_SECONDS = 30.0
"""A worker that ran for so long is replaced at once; others, later and later."""
LONGEST_BACKOFF = 30.0
START_SECONDS = 120.0
"""A worker that has not started after so long never will."""


class Worker:
    """A process that answers requests.

    Args:
        number: under which it counts, as did the one that it replaces.
        listener: what all workers accept connections from.
        shared: the folder in which all workers count.

    Raises:
        OSError: the system has no process or no files for it just now.
    """

    def __init__(self, number: int, listener: socket.socket, shared: str) -> None:
        self.number = number
        ours, theirs = socket.socketpair()
        self.heart = Stethoscope(ours)
        self.began = time.monotonic()
        with theirs:
            handles = listener.fileno(), theirs.fileno()
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "service.worker", *map(str, (*handles, number))],
                    pass_fds=handles,
                    env={**os.environ, SHARED: shared},
                    process_group=0,  # a terminal's Ctrl-C reaches the supervisor only, which tells the workers
                )
            except OSError:
                ours.close()
                raise

    def listen(self) -> bool:
        """Note what it says; returns whether it has just said that it accepts connections."""
        before = self.heart.ready
        self.heart.listen()
        return self.heart.ready and not before

    def silent(self) -> float:
        """For how many seconds it has said nothing; one that does not accept connections yet, since it began."""
        return time.monotonic() - (self.heart.heard if self.heart.ready else self.began)

    def told(self, **more: object) -> dict[str, object]:
        """Which one it is, for the log."""
        return {"worker": self.number, "pid": self.process.pid, **more}

    def kill(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.wait()


class Place:
    """Where one worker after the other runs.

    Args:
        number: the workers', from 0.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.worker: Worker | None = None
        self.due = 0.0
        self._failures = 0

    def vacate(self) -> float:
        """Its worker has ended; returns the seconds until the next one is due."""
        assert self.worker is not None
        steady = self.worker.heart.ready and time.monotonic() - self.worker.began > STEADY_SECONDS
        self.worker.heart.connection.close()
        self.worker = None
        return self.put_off(steady)

    def put_off(self, steady: bool = False) -> float:
        """The last worker ran steadily, or failed; returns the seconds until the next one is due."""
        self._failures = 0 if steady else self._failures + 1
        wait = min(LONGEST_BACKOFF, 0.25 * 2**self._failures) if self._failures > 1 else 0.0
        self.due = time.monotonic() + wait
        return wait


class Supervisor:
    """Starts workers, replaces those that end or hang, and ends them all.

    The first one starts alone, as what keeps it from starting would keep the others from it, too.

    Args:
        count: how many workers.
        listener: a bound socket.
        ready: called once connections are accepted.
        stop_seconds: how long the workers have to end when told to.
        hung_seconds: how long a worker may be silent.
        start_seconds: how long it may take until it accepts connections.
    """

    def __init__(
        self,
        count: int,
        listener: socket.socket,
        ready: Callable[[], None],
        stop_seconds: float,
        hung_seconds: float = 30.0,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._places = [Place(number) for number in range(count)]
        self._listener = listener
        self._announce = ready
        self._stop_seconds = stop_seconds
        self._hung_seconds = hung_seconds
        self._start_seconds = start_seconds
        self._announced = False
        self._asked: list[int] = []

    def run(self) -> int:
        """Supervise until told to stop; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, _: self._asked.append(got))
        with tempfile.TemporaryDirectory(prefix="service-metrics-") as shared:
            while not self._asked:
                for place in self._places if self._announced else self._places[:1]:
                    code = self._tend(place, shared)
                    if code is not None and not self._announced:
                        log.error("the first worker could not start", extra={"code": code})
                        return abs(code) or 1
                self._wait()
            return self._stop()

    def _tend(self, place: Place, shared: str) -> int | None:
        """See to it that a worker runs in its place; returns the exit code of one that has ended."""
        worker = place.worker
        if worker is None:
            if time.monotonic() >= place.due:
                self._fill(place, shared)
            return None
        if worker.listen():
            log.info("worker ready", extra=worker.told())
            if not self._announced:
                self._announced = True
                self._announce()
        patience = self._hung_seconds if worker.heart.ready else self._start_seconds
        if worker.silent() > patience:  # its event loop stands still, or it does not get as far as that
            log.error("worker hangs", extra=worker.told(ready=worker.heart.ready, seconds=patience))
            worker.kill()
        code = worker.process.poll()
        if code is not None:
            mark_process_dead(place.number, shared)  # type: ignore[no-untyped-call]
            log.warning("worker ended", extra=worker.told(code=code, next_seconds=place.vacate()))
        return code

    def _fill(self, place: Place, shared: str) -> None:
        """Start a worker; what the system lacks for it now, it may have later."""
        try:
            place.worker = Worker(place.number, self._listener, shared)
        except OSError as error:
            told = {"worker": place.number, "error": str(error), "next_seconds": place.put_off()}
            log.error("worker could not be started", extra=told)

    def _wait(self) -> None:
        hearts = [place.worker.heart.connection for place in self._places if place.worker is not None]
        select.select(hearts, [], [], 0.2)

    def _stop(self) -> int:
        """Tell all workers to end, and wait; kill those that do not, and all of them when a person asks twice."""
        self._listener.close()  # so that it is closed when the last worker lets go of it
        workers = [place.worker for place in self._places if place.worker is not None]
        for worker in workers:
            worker.heart.tell_all_end()
            worker.process.terminate()
        end = time.monotonic() + self._stop_seconds
        while any(worker.process.poll() is None for worker in workers):
            impatient = signal.SIGINT in self._asked[1:]
            if impatient or time.monotonic() > end:
                for worker in workers:
                    worker.kill()
                return 130 if impatient else 1
            time.sleep(0.05)
        codes = {worker.process.returncode for worker in workers}
        return 0 if codes <= {0, -signal.SIGTERM} else 1  # SIGTERM ends one that has not started yet
