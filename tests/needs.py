"""What a test needs of the machine: skipped without it, except in CI, where nothing may be skipped."""

import os
import shutil

import pytest


def need(condition, reason):
    """Goes on only if the condition holds. Outside CI the test is skipped with the reason, in CI it fails."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (in CI nothing may be skipped)")
    pytest.skip(reason)


def need_command(*names):
    """The path of the first of these commands that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    need(found, f"install {' or '.join(names)}")
    return found
