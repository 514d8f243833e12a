"""How much is measured, and how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A run of the benchmark.

    Attributes:
        rounds: how often everything is measured; medians are shown.
        seconds: of the load that is compared most, one row over 64 connections.
        others: seconds of each other load.
        overload: seconds at twice the sustainable rate.
        calm: seconds between reloads.
        soak: seconds of full load in which memory is watched.
        connections: the numbers of connections.
    """

    rounds: int = 5
    seconds: int = 3
    others: int = 1
    overload: int = 4
    calm: int = 4
    soak: int = 600
    connections: tuple[int, ...] = (1, 16, 64, 256)


MAIN = 64
"""Connections in the figures that are compared most."""

MANY = 100
"""Rows in a request that holds more than one."""

QUICK = Plan(rounds=1, seconds=1, others=1, overload=2, calm=2, soak=30, connections=(1, 64, 256))
