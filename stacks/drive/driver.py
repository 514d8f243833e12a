"""Runs the stacks of one environment in order, and stops at the first that fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from stacks.drive import backend, check, files, needs, order
from stacks.drive.cli import INTERRUPTED, Cli
from stacks.drive.errors import CannotRun, Stopped
from stacks.drive.files import SettingsFile
from stacks.drive.order import Stack
from stacks.drive.shell import Shell

IN_FILES = "organization"
"""What Pulumi calls the organization of states in files or S3."""


class Driver:
    """The stacks of one environment.

    Args:
        shell: the user's.
        environment: dev, staging or prod.
        stacks: those that are meant, in order.
        yes: answer Pulumi's question whether to go on.

    Raises:
        CannotRun: naming everything that is missing.
    """

    def __init__(self, shell: Shell, environment: str, stacks: Sequence[Stack], yes: bool = False) -> None:
        self._environment = environment
        self._stacks = tuple(stacks)
        self._yes = yes
        self._terminal = shell.terminal
        self._files = {stack: files.read(stack, environment) for stack in order.ORDER}
        _refuse(needs.tools(shell))
        where = backend.choose(shell, environment)
        _refuse(needs.passphrase(shell, where, self._meant()))
        self._shell = shell
        self._cli = Cli({**shell.variables, "PULUMI_BACKEND_URL": where})

    def preview(self) -> None:
        """Show what ``up`` would do. A stack that reads outputs that are not there yet can't be previewed."""
        self._sound()
        self._ready()
        shown: list[str] = []
        for stack in self._stacks:
            if lacking := self._not_up(order.before(stack)):
                waiting = [later.name for later in self._stacks if later.name not in shown]
                told = f"{', '.join(waiting)}: no preview before {', '.join(lacking)} is up, whose outputs are read"
                if not shown:
                    raise CannotRun([told])
                _say(told)
                return
            self._run(stack, "preview", shown)
            shown.append(stack.name)

    def up(self) -> None:
        """Bring the stacks up, each after those that it reads."""
        self._sound()
        self._ready()
        self._asked("up")
        earlier = [stack for stack in order.before(self._stacks[0]) if stack not in self._stacks]
        if lacking := self._not_up(earlier):
            first = f"make up ENV={self._environment} STACK={lacking[0]}"
            raise CannotRun([f"{self._stacks[0].name} reads outputs of {', '.join(lacking)}: {first}"])
        done: list[str] = []
        for stack in self._stacks:
            self._run(stack, "up", done)
            done.append(stack.name)

    def down(self) -> None:
        """Take the stacks down, each before those that it reads; none if anything in them is protected."""
        self._ready()
        self._asked("down")
        standing = [later for later in order.after(self._stacks[-1]) if self._resources(later)]
        if standing:
            last = standing[-1].name
            first = f"make down ENV={self._environment} STACK={last}"
            raise CannotRun([f"{last} stands on {self._stacks[-1].name}: {first}"])
        up = [stack for stack in self._stacks if self._resources(stack)]
        _refuse(line for stack in up for line in self._guarded(stack))
        done: list[str] = []
        for stack in reversed(self._stacks):
            if stack in up:
                self._run(stack, "destroy", done)
            else:
                _say(f"{stack.name}: nothing is up")
            done.append(stack.name)

    def outputs(self) -> None:
        """Print one JSON document with the outputs of each stack; secrets stay hidden."""
        found = {stack.name: self._outputs(stack) for stack in self._stacks}
        print(json.dumps(found, indent=2))

    def _guarded(self, stack: Stack) -> Iterator[str]:
        """A line if something is protected: Pulumi would take all else and then stop, so nothing is begun."""
        kept = self._cli.ask(stack, "stack", "export", "--stack", self._name(stack))["deployment"].get("resources", ())
        names = [resource["urn"].split("::")[-1] for resource in kept if resource.get("protect")]
        if names:
            some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            how = f"cd stacks/{stack.name} && pulumi state unprotect --all --stack {self._name(stack)}"
            yield f"{stack.name}: {some} protected, so nothing is taken down; to give it up: {how}"

    def _outputs(self, stack: Stack) -> dict[str, Any] | None:
        if self._resources(stack) is None:
            return None
        return dict(self._cli.ask(stack, "stack", "output", "--json", "--stack", self._name(stack)))

    def _meant(self) -> list[SettingsFile]:
        return [self._files[stack] for stack in self._stacks]

    def _sound(self) -> None:
        _refuse(check.problems(self._environment, {stack: self._files[stack] for stack in self._stacks}))

    def _ready(self) -> None:
        _refuse(needs.clouds(self._shell, self._meant()))

    def _asked(self, verb: str) -> None:
        if not (self._yes or self._terminal):
            again = f"make {verb} ENV={self._environment} YES=1"
            raise CannotRun([f"nobody can be asked whether to go on, as this is no terminal: {again}"])

    def _run(self, stack: Stack, verb: str, done: Sequence[str]) -> None:
        _say(f"{stack.name} ({self._environment})")
        if self._resources(stack) is None:
            self._begin(stack)
        answers = ("--yes", "--skip-preview") if self._yes and verb != "preview" else ()
        code = self._cli.run(stack, verb, "--stack", self._name(stack), *answers)
        if code == 0:
            return
        rest = [other.name for other in self._stacks if other.name not in (*done, stack.name)]
        how = "was interrupted" if code == INTERRUPTED else f"failed (pulumi ended with {code})"
        told = [f"{verb} of {stack.name} {how}", *(f"{verb} of {name}: done" for name in done)]
        raise Stopped([*told, *(f"{verb} of {name}: not begun" for name in rest)])

    def _begin(self, stack: Stack) -> None:
        """Make the stack, with the encryption that its settings file names."""
        provider = self._files[stack].secrets_provider
        named = ("--secrets-provider", provider) if provider else ()
        code = self._cli.run(stack, "stack", "init", self._name(stack), "--no-select", *named)
        if code != 0:
            raise Stopped([f"{stack.name}: no stack could be made (pulumi ended with {code})"])

    def _not_up(self, stacks: Sequence[Stack]) -> list[str]:
        return [stack.name for stack in stacks if not self._resources(stack)]

    def _resources(self, stack: Stack) -> int | None:
        """How many resources a stack has in this environment; None if there is no such stack."""
        names = (self._environment, self._name(stack))
        for known in self._cli.ask(stack, "stack", "ls", "--json"):
            if known["name"] in names:
                return int(known.get("resourceCount") or 0)
        return None

    def _name(self, stack: Stack) -> str:
        """What Pulumi calls it: with the organization, where there are several."""
        organization = self._files[stack].text("organization")
        return self._environment if organization in ("", IN_FILES) else f"{organization}/{self._environment}"


def _refuse(lines: Any) -> None:
    if found := list(lines):
        raise CannotRun(found)


def _say(words: str) -> None:
    print(f"▸ {words}", file=sys.stderr, flush=True)
