"""`python -m stacks` with the CLI that a user has, over four small stacks that read each other's outputs."""

import json

import pytest

from engine.four import ORDER, Four


@pytest.fixture
def four(tmp_path, standin):
    with standin.served() as providers:
        yield Four(tmp_path, providers)


def test_up_in_order_then_outputs_then_down_in_reverse(four, standin):
    four.run("up", "dev", "--yes")
    assert [call.name for call in standin.calls] == list(ORDER)
    standin.calls.clear()
    _, said = four.run("up", "dev", "--yes")
    assert not standin.calls, "a second up changes nothing"
    printed, _ = four.run("outputs", "dev", "secrets", "registry")
    assert json.loads(printed) == {name: {"hidden": "[secret]", "size": "1"} for name in ("secrets", "registry")}
    four.run("down", "dev", "--yes")
    assert [call.name for call in standin.calls] == list(reversed(ORDER))
    _, said = four.run("down", "dev", "--yes")
    assert said.count("nothing is up") == 4


def test_a_failure_stops_and_the_next_up_goes_on(four, standin):
    with standin.refusing("registry"):
        _, said = four.run("up", "dev", "--yes", code=1)
    assert said.splitlines()[-4:] == [
        "up of registry failed (pulumi ended with 1)",
        "up of cluster: done",
        "up of secrets: done",
        "up of observability: not begun",
    ]
    standin.calls.clear()
    four.run("up", "dev", "--yes")
    assert [call.name for call in standin.calls] == ["registry", "observability"]
