"""The engine, and the stand-in for its providers."""

import pytest

from engine.memory import Memory
from engine.runs import Runs
from engine.standin import StandIn
from needs import need_command


@pytest.fixture
def standin():
    """The stand-in for all providers, with a cloud in memory."""
    need_command("pulumi")
    return StandIn(dict.fromkeys(("aws", "kubernetes", "random", "tls"), Memory()))


@pytest.fixture
def runs(tmp_path, standin):
    """The real engine over empty state."""
    with standin.served() as providers:
        yield Runs(tmp_path, standin, providers)
