"""What the log tells of requests: never their rows, unless that is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from process import install
from sample import ROWS

MASS = 2.0078125
"""A value that no other part of a log line has; float32 holds it as it is."""
WRONG = "distinctive-4711"


def body(mass: float | str) -> bytes:
    return json.dumps({"rows": [ROWS["binary"][0] | {"mass": mass}]}).encode()


@pytest.mark.parametrize("allowed", [False, True])
def test_rows_are_logged_only_if_that_is_allowed(tmp_path: Path, allowed: bool) -> None:
    installed = install(tmp_path, log_features=allowed)
    with installed.run() as service:
        with service.wire() as wire:
            for mass, status in ((MASS, 200), (WRONG, 422)):
                wire.send(installed.prediction(body(mass)))
                assert wire.answer().status == status
        service.signal()
        assert service.code() == 0
    assert ["features" in line for line in service.logged("request")] == [allowed, False]
    said = json.dumps(service.logs)
    assert (str(MASS) in said) is allowed
    assert WRONG not in said
