"""The engine, and the stand-in for its providers."""

import pytest

from engine.memory import Memory
from engine.runs import Runs
from engine.standin import StandIn
from needs import need_command


@pytest.fixture
def runs(tmp_path):
    """The real engine over empty state, with a cloud in memory."""
    need_command("pulumi")
    cloud = Memory()
    standin = StandIn({package: cloud for package in ("aws", "kubernetes", "random", "tls")})
    with standin.served() as providers:
        yield Runs(tmp_path, standin, providers)
