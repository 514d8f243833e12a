"""What a team must replace before it brings staging or prod up is named in stacks/README.md, all of it."""

import re

import pytest
from mocks import STACKS

from stacks.drive import files, order

PAGE = (STACKS / "README.md").read_text(encoding="utf-8")
NOBODYS = re.compile(r"0{12}|\bexample\.(com|org|net)\b|\.example\b")
"""Accounts and addresses that cannot be anybody's."""


def rows():
    """By setting, the stacks that its row names."""
    found = {}
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            settings, _, stacks = (cell.strip() for cell in line.strip("|").split("|"))
            named = [stack.name for stack in order.ORDER] if stacks == "all four" else stacks.split(", ")
            found |= {setting: set(named) for setting in re.findall(r"`([\w.]+)`", settings)}
    return found


def placeholders(environment):
    """By stack, the settings whose value cannot be anybody's."""
    for stack in order.ORDER:
        for name, value in files.flat(files.read(stack, environment).values).items():
            if NOBODYS.search(value):
                yield stack.name, name


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_value_that_is_nobodys_is_named(environment):
    found = list(placeholders(environment))
    assert ("observability", "notifications.heartbeat") in found
    named = rows()
    assert [(stack, name) for stack, name in found if stack not in named.get(name, ())] == []


def test_every_setting_that_is_named_exists():
    for setting, stacks in rows().items():
        for stack in order.chosen(sorted(stacks)):
            known = files.flat(files.read(stack, "prod").values)
            assert any(f"{name}.".startswith(f"{setting}.") for name in known), f"{stack.name}: {setting}"
