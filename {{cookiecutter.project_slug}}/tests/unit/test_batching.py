"""Batches under concurrency: nobody gets another's output, waits for a timer, or fails for another's rows."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.batching import MOST_ROWS, Batcher
from service.call import Call
from service.cost import Cost, Outputs
from service.errors import DeadlineExceeded, ModelFailed, Overloaded
from service.metrics import Metrics
from service.signature import Blocks, Decoded

FAST, SLOW = Cost(0.0, 0.0), Cost(1.0, 0.0)


def rows(*values: float) -> Decoded:
    return Decoded({"numeric": np.array(values, np.float32).reshape(-1, 1)}, len(values), {})


def double(blocks: Blocks) -> Outputs:
    """A model whose answer tells which row it was given."""
    outputs: Outputs = blocks["numeric"] * 2
    return outputs


def batcher(model: Callable[[Blocks], Outputs], cost: Cost, parallel: int = 1, most: int = 10_000) -> Batcher:
    return Batcher(model, cost, ThreadPoolExecutor(parallel), Metrics(), "sample", most, parallel)


@settings(deadline=None, max_examples=60)
@given(
    requests=st.lists(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30), min_size=1, max_size=60),
    cost=st.sampled_from([FAST, SLOW]),
    parallel=st.integers(1, 3),
    turns=st.integers(1, 4),
)
def test_each_gets_its_own_outputs_in_its_own_order(
    requests: list[list[int]], cost: Cost, parallel: int, turns: int
) -> None:
    subject = batcher(double, cost, parallel)

    async def ask(number: int, values: list[int]) -> None:
        for _ in range(number % turns):
            await asyncio.sleep(0)
        outputs = await subject.run(Call(), rows(*values))
        assert outputs[:, 0].tolist() == [2 * value for value in values]

    async def all_at_once() -> None:
        await asyncio.gather(*(ask(number, values) for number, values in enumerate(requests)))

    asyncio.run(all_at_once())


def test_what_arrives_in_one_turn_is_one_call() -> None:
    calls: list[int] = []

    def model(blocks: Blocks) -> Outputs:
        calls.append(len(blocks["numeric"]))
        return double(blocks)

    async def go() -> Call:
        subject, call = batcher(model, FAST), Call()
        await asyncio.gather(*(subject.run(call, rows(number)) for number in range(64)))
        return call

    call = asyncio.run(go())
    assert calls == [64]
    assert call.batch == 64
    assert call.queued <= call.ran <= call.finished


def test_a_batch_is_bounded_and_one_large_request_goes_alone() -> None:
    calls: list[int] = []

    def model(blocks: Blocks) -> Outputs:
        calls.append(len(blocks["numeric"]))
        return double(blocks)

    async def go() -> None:
        subject = batcher(model, FAST)
        asked = [rows(*range(MOST_ROWS * 2)), rows(1.0), *(rows(*range(100)) for _ in range(11))]
        await asyncio.gather(*(subject.run(Call(), one) for one in asked))

    asyncio.run(go())
    assert calls == [MOST_ROWS * 2, 1001, 100]


def test_a_slow_model_leaves_the_event_loop_free() -> None:
    turned = threading.Event()

    def model(blocks: Blocks) -> Outputs:
        assert turned.wait(10), "the event loop stood still while the model ran"
        return double(blocks)

    async def go() -> Outputs:
        answer = batcher(model, SLOW).run(Call(), rows(1.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turned.set()
        return await answer

    assert asyncio.run(go()).tolist() == [[2.0]]


def test_what_arrives_while_a_slow_model_runs_forms_the_next_batch() -> None:
    calls: list[int] = []
    may_end, began = threading.Event(), threading.Event()

    def model(blocks: Blocks) -> Outputs:
        calls.append(len(blocks["numeric"]))
        began.set()
        assert may_end.wait(10)
        return double(blocks)

    async def go() -> None:
        subject = batcher(model, SLOW)
        first = subject.run(Call(), rows(0.0))
        await asyncio.to_thread(began.wait, 10)
        others = [subject.run(Call(), rows(number)) for number in range(5)]
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(first, *others)

    asyncio.run(go())
    assert calls == [1, 5]


def test_a_row_that_the_model_fails_on_fails_nobody_else() -> None:
    def model(blocks: Blocks) -> Outputs:
        if (blocks["numeric"] == 13).any():
            raise RuntimeError("unlucky")
        return double(blocks)

    async def go() -> list[Outputs | BaseException]:
        subject = batcher(model, FAST)
        return await asyncio.gather(*(subject.run(Call(), rows(n)) for n in (1, 13, 3)), return_exceptions=True)

    first, second, third = asyncio.run(go())
    assert np.array_equal(first, [[2.0]])
    assert isinstance(second, ModelFailed)
    assert "unlucky" not in second.detail, "what a model says may hold feature values"
    assert np.array_equal(third, [[6.0]])


@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf])
def test_a_row_that_gets_no_number_fails_and_nobody_else_does(nothing: float) -> None:
    """Where a probability is missing, none of the classes is the likeliest."""

    def model(blocks: Blocks) -> Outputs:
        outputs = double(blocks)
        outputs[blocks["numeric"] == 13.0] = nothing
        return outputs

    async def go() -> list[Outputs | BaseException]:
        subject = batcher(model, FAST)
        asked = (subject.run(Call(), rows(*values)) for values in ((1,), (2, 13), (3,)))
        return await asyncio.gather(*asked, return_exceptions=True)

    one, failed, three = asyncio.run(go())
    assert isinstance(failed, ModelFailed)
    assert not isinstance(one, BaseException)
    assert not isinstance(three, BaseException)
    assert (one.tolist(), three.tolist()) == ([[2.0]], [[6.0]])


def test_a_model_that_loses_rows_is_an_error_not_a_mix_up() -> None:
    async def go() -> None:
        await batcher(lambda blocks: double(blocks)[:-1], FAST).run(Call(), rows(1.0, 2.0))

    with pytest.raises(ModelFailed):
        asyncio.run(go())


def test_rows_whose_deadline_has_passed_are_not_run() -> None:
    calls: list[int] = []

    def model(blocks: Blocks) -> Outputs:
        calls.append(len(blocks["numeric"]))
        return double(blocks)

    async def go() -> None:
        await batcher(model, FAST).run(Call(deadline=time.perf_counter() - 1), rows(1.0))

    with pytest.raises(DeadlineExceeded):
        asyncio.run(go())
    assert calls == []


def test_a_model_that_hangs_is_not_waited_for_beyond_the_deadline() -> None:
    ended = threading.Event()

    def model(blocks: Blocks) -> Outputs:
        ended.wait(10)
        return double(blocks)

    async def go() -> None:
        try:
            await batcher(model, SLOW).run(Call(deadline=time.perf_counter() + 0.05), rows(1.0))
        finally:
            ended.set()

    with pytest.raises(DeadlineExceeded):
        asyncio.run(go())


def test_admission_refuses_what_cannot_be_answered_in_time() -> None:
    subject = batcher(double, SLOW)
    subject.admit(Call(deadline=math.inf), 1)
    with pytest.raises(Overloaded) as caught:
        subject.admit(Call(deadline=time.perf_counter() + 0.5), 1)
    assert caught.value.reason == "deadline"
    assert int(caught.value.headers["Retry-After"]) >= 1


def test_admission_bounds_the_queue_but_lets_one_large_request_into_an_empty_one() -> None:
    async def go() -> None:
        subject = batcher(double, FAST, most=10)
        subject.admit(Call(), 100)
        waiting = subject.run(Call(), rows(*range(100)))
        with pytest.raises(Overloaded) as caught:
            subject.admit(Call(), 1)
        assert caught.value.reason == "queue"
        await waiting
        subject.admit(Call(), 1)

    asyncio.run(go())


def test_the_cost_of_a_call_is_measured() -> None:
    calls: list[int] = []

    def model(blocks: Blocks) -> Outputs:
        calls.append(len(blocks["numeric"]))
        return double(blocks)

    cost = Cost.measured(model, rows(1.0, 2.0).blocks)
    assert set(calls) == {1, 64}
    assert cost.of(64) >= cost.of(1) > 0


def test_how_long_a_request_that_is_not_decoded_would_wait_is_known_from_others() -> None:
    began, may_end = threading.Event(), threading.Event()

    def model(blocks: Blocks) -> Outputs:
        began.set()
        assert may_end.wait(10)
        return double(blocks)

    async def go() -> None:
        subject = batcher(model, Cost(0.0, 0.5))
        assert subject.ahead(1000) == 0, "nobody waits"
        subject.admit(Call(size=100), 10)
        first = subject.run(Call(), rows(*range(10)))
        await asyncio.to_thread(began.wait, 10)
        assert subject.ahead(100) == pytest.approx(5 + 5)
        subject.admit(Call(size=1000), 10)
        assert subject.ahead(100) == pytest.approx(5 + 0.5), "rather too few rows than too many"
        may_end.set()
        await first

    asyncio.run(go())
