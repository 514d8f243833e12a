"""Batching without a timer: all rows handed in during one turn of the event loop are answered by one call of the model.

Alone, a request waits for nobody; under load, a turn brings many requests, and the batch grows with the load. A call
that takes longer than a turn should is made in a thread, and what arrives meanwhile forms the next batch. Which of the
two it is follows from what the warm-up measured.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from service.call import Call
from service.cost import Cost, Model, Outputs
from service.errors import DeadlineExceeded, ModelFailed, Overloaded, ServiceError
from service.metrics import Metrics
from service.signature import Blocks, Decoded

log = logging.getLogger("service")
Answer = Outputs | ServiceError

IN_LOOP = 0.0005
"""Longest call of the model that the event loop makes itself, in seconds."""

MOST_ROWS = 1024
"""Rows from several requests that are answered at once; one larger request goes alone."""

FORGET = 1.01
"""How fast the wordiest caller is forgotten: by how much rows a byte may grow with each request."""


@dataclass(slots=True)
class _Waiting:
    call: Call
    decoded: Decoded
    future: asyncio.Future[Outputs]


class Batcher:
    """Answers rows through one model.

    Args:
        model: gives outputs [rows, …] for input blocks [rows, …]; rows do not influence each other.
        cost: what a call of it takes.
        threads: makes the calls that are too slow for the event loop.
        metrics: counts batches.
        name: the model's name, for the metrics.
        most_waiting: rows that may wait.
        parallel: calls in threads at the same time.
    """

    def __init__(
        self,
        model: Model,
        cost: Cost,
        threads: ThreadPoolExecutor,
        metrics: Metrics,
        name: str,
        most_waiting: int,
        parallel: int,
    ) -> None:
        self._model = model
        self._cost = cost
        self._threads = threads
        self._most = most_waiting
        self._parallel = parallel
        self._rows_seen = metrics.batch_rows.labels(name)
        self._seconds_seen = metrics.run_seconds.labels(name)
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._busy = 0
        self._busy_rows = 0
        self._pace = 1.0
        self._density = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None  # whose turn's end is awaited, if that is so

    def admit(self, call: Call, rows: int) -> None:
        """Refuse now what could not be answered in time, while a refusal costs next to nothing.

        Raises:
            Overloaded: too many rows wait, or the answer would come after the call's deadline.
        """
        if call.size:
            self._density = min(rows / call.size, self._density * FORGET)
        if self._rows and self._rows + rows > self._most:
            raise Overloaded.full(f"{self._rows} rows are waiting", self._seconds(self._rows))
        wait = self._wait(rows)
        if time.perf_counter() + wait > call.deadline:
            raise Overloaded.late(wait)

    def ahead(self, size: int) -> float:
        """Seconds until a request that is not decoded yet would be answered; 0 if none waits.

        Args:
            size: of its body, in bytes. How many rows these are is known from other requests: rather too few.
        """
        if not self._rows and not self._busy_rows:
            return 0.0
        return self._wait(size * min(1.0, self._density))

    def _wait(self, rows: float) -> float:
        """Seconds until so many more rows would be answered."""
        return self._seconds(self._rows + self._busy_rows) / self._parallel + self._seconds(rows)

    def _seconds(self, rows: float) -> float:
        """How long so many rows would take now."""
        return self._cost.of(rows) * self._pace

    def run(self, call: Call, decoded: Decoded) -> asyncio.Future[Outputs]:
        """Hand rows in; the future gives their outputs, or what kept the model from giving any.

        Raises (by the future):
            ModelFailed: the model failed on these rows.
            DeadlineExceeded: the call's deadline passed first.
        """
        loop = self._loop
        if loop is None:  # only then, as to ask for it is a system call
            loop = self._loop = asyncio.get_running_loop()
            loop.call_soon(self._turn)
        future: asyncio.Future[Outputs] = loop.create_future()
        call.queued = time.perf_counter()
        self._waiting.append(_Waiting(call, decoded, future))
        self._rows += decoded.rows
        if self._seconds(decoded.rows) > IN_LOOP and call.deadline != math.inf:
            late = loop.call_later(max(0.0, call.deadline - call.queued), _expire, future)
            future.add_done_callback(lambda _: late.cancel())
        return future

    def _turn(self) -> None:
        """Answer what came in this turn of the event loop, or as much of it as there are threads for."""
        self._loop = None
        while self._waiting and self._busy < self._parallel:
            batch = self._next()
            rows = sum(waiting.decoded.rows for waiting in batch)
            if batch and self._seconds(rows) <= IN_LOOP:
                _settle(batch, self._answers(batch, rows))
            elif batch:
                self._start(batch, rows)

    def _start(self, batch: list[_Waiting], rows: int) -> None:
        """Answer a batch in a thread; when it has ended, go on with what came meanwhile."""

        def ended(done: asyncio.Future[list[Answer]]) -> None:
            self._busy, self._busy_rows = self._busy - 1, self._busy_rows - rows
            lost = done.cancelled() or done.exception()  # the threads were shut down under it
            _settle(batch, [ModelFailed("the service is stopping")] * len(batch) if lost else done.result())
            self._turn()

        self._busy, self._busy_rows = self._busy + 1, self._busy_rows + rows
        loop = asyncio.get_running_loop()
        loop.run_in_executor(self._threads, self._answers, batch, rows).add_done_callback(ended)

    def _next(self) -> list[_Waiting]:
        """Take a batch from the queue; leave out whom nobody waits for any more."""
        batch: list[_Waiting] = []
        rows, now = 0, time.perf_counter()
        while self._waiting and (not batch or rows + self._waiting[0].decoded.rows <= MOST_ROWS):
            waiting = self._waiting.popleft()
            self._rows -= waiting.decoded.rows
            if waiting.future.done():
                continue
            if now > waiting.call.deadline:
                waiting.future.set_exception(DeadlineExceeded("the deadline passed while the rows waited"))
                continue
            batch.append(waiting)
            rows += waiting.decoded.rows
        return batch

    def _answers(self, batch: list[_Waiting], rows: int) -> list[Answer]:
        """Call the model for a batch. If it fails, each is tried alone, so that none fails for another's rows."""
        began = time.perf_counter()
        try:
            outputs = self._model(_together(batch))
            if len(outputs) != rows:
                raise ValueError(f"{len(outputs)} outputs for {rows} rows")
        except Exception as error:
            if len(batch) > 1:
                return [self._answers([waiting], waiting.decoded.rows)[0] for waiting in batch]
            log.exception("the model failed", extra={"request_id": batch[0].call.request_id})
            return [ModelFailed(f"the model failed on these rows ({type(error).__name__})")]
        self._note(batch, rows, began, time.perf_counter())
        ends = list(accumulate(waiting.decoded.rows for waiting in batch))
        answers: list[Answer] = [outputs[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        return answers if np.isfinite(outputs).all() else list(map(_finite, answers))

    def _note(self, batch: list[_Waiting], rows: int, began: float, ended: float) -> None:
        """Write down what a call took; the pace follows a machine that is slower now than at the warm-up."""
        for waiting in batch:
            call = waiting.call
            call.ran, call.finished, call.batch = began, ended, rows
        self._pace += 0.05 * (min(50.0, max(1.0, (ended - began) / max(1e-9, self._cost.of(rows)))) - self._pace)
        self._rows_seen.observe(rows)
        self._seconds_seen.observe(ended - began)


def _finite(answer: Answer) -> Answer:
    """The outputs, unless a number is missing from them: none of the classes would be the likeliest."""
    if isinstance(answer, ServiceError) or np.isfinite(answer).all():
        return answer
    return ModelFailed("the model gave no number for some of these rows")


def _expire(future: asyncio.Future[Outputs]) -> None:
    if not future.done():
        future.set_exception(DeadlineExceeded("the model did not answer before the deadline"))


def _together(batch: list[_Waiting]) -> Blocks:
    """The rows of a batch, one request's after another's."""
    parts = [waiting.decoded.blocks for waiting in batch]
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _settle(batch: list[_Waiting], answers: list[Answer]) -> None:
    """Give each its own answer, unless nobody waits for it any more."""
    for waiting, answer in zip(batch, answers, strict=True):
        if waiting.future.done():
            continue
        if isinstance(answer, ServiceError):
            waiting.future.set_exception(answer)
        else:
            waiting.future.set_result(answer)
