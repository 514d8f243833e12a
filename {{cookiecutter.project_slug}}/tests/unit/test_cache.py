"""The cache of answers: by bundle and input, bounded in bytes, dropped with the bundle."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sample import ROWS, SIGNATURES
from service.cache import ENTRY, Cache, Outputs
from service.metrics import Metrics
from service.signature import Decoded


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def answer(value: float, rows: int = 1) -> Outputs:
    return np.full((rows, 2), value, np.float32)


def decoded(value: float) -> Decoded:
    return Decoded({"numeric": np.array([[value]], np.float32)}, 1, {})


def test_the_same_input_is_answered_from_the_cache_until_it_is_old() -> None:
    clock = Clock()
    cache = Cache(10_000, 60, Metrics(), clock)
    key = cache.key("sha256:a", decoded(1))
    assert cache.get(key) is None
    cache.put(key, answer(0.5))
    clock.now = 60
    assert cache.get(cache.key("sha256:a", decoded(1))) is not None
    clock.now = 61
    assert cache.get(key) is None
    assert cache.stale(key) is not None


def test_another_input_or_another_bundle_is_another_answer() -> None:
    cache = Cache(10_000, 60, Metrics())
    cache.put(cache.key("sha256:a", decoded(1)), answer(0.5))
    assert cache.get(cache.key("sha256:a", decoded(2))) is None
    assert cache.get(cache.key("sha256:b", decoded(1))) is None


def test_texts_cannot_be_shifted_between_fields() -> None:
    def texts(*values: str) -> Decoded:
        return Decoded({"text": np.array([values], object)}, 1, {})

    assert texts("a", "bc").canonical() != texts("ab", "c").canonical()


def test_equal_input_has_equal_bytes() -> None:
    signature, rows = SIGNATURES["binary"], ROWS["binary"]
    assert signature.decode(rows).canonical() == signature.decode([dict(row) for row in rows]).canonical()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 40)), max_size=200))
def test_it_never_grows_beyond_its_size(puts: list[tuple[int, int]]) -> None:
    metrics = Metrics()
    cache = Cache(3_000, 60, metrics)
    for number, rows in puts:
        cache.put(cache.key("sha256:a", decoded(number)), answer(number, rows))
        assert metrics.registry.get_sample_value("prediction_cache_bytes") <= 3_000  # type: ignore[operator]


def test_the_least_recently_asked_goes_first() -> None:
    cache = Cache(2 * (ENTRY + 8), 60, Metrics())
    one, two, three = (cache.key("sha256:a", decoded(value)) for value in (1, 2, 3))
    cache.put(one, answer(1))
    cache.put(two, answer(2))
    assert cache.get(one) is not None
    cache.put(three, answer(3))
    assert cache.get(two) is None
    assert cache.get(one) is not None


def test_what_is_kept_does_not_hold_on_to_the_batch_it_came_from() -> None:
    cache, batch = Cache(10_000, 60, Metrics()), answer(1, rows=1000)
    key = cache.key("sha256:a", decoded(1))
    cache.put(key, batch[:1])
    kept = cache.get(key)
    assert kept is not None
    assert kept.base is None


def test_a_promotion_drops_everything() -> None:
    cache = Cache(10_000, 60, Metrics())
    key = cache.key("sha256:a", decoded(1))
    cache.put(key, answer(1))
    cache.clear()
    assert cache.stale(key) is None


def test_without_a_size_nothing_is_kept() -> None:
    cache = Cache(0, 60, Metrics())
    key = cache.key("sha256:a", decoded(1))
    cache.put(key, answer(1))
    assert cache.get(key) is None
