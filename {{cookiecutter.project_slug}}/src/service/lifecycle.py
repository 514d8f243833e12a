"""Where one process of the service is between its start and its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Lifecycle:
    """Written by the server, read by all that should know.

    Attributes:
        in_flight: requests that are being answered.
        draining: it was told to stop: it still answers, but wants no more work, so it is not ready.
    """

    in_flight: int = 0
    draining: bool = False
