"""Standard input, output and error, for a process that was started without them."""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Open those on nothing that are closed. A file or socket would get their numbers, and what is written to them.

    To be called before anything else is opened. Programs that this one starts have them, too.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
