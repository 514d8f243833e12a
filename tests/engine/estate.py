"""Our own stacks under the real engine, with the settings of an environment as they are written."""

import base64
import json
from importlib import import_module

from pulumi import automation as auto

from engine.wire import bare, is_secret
from stacks.drive import order

MADE_SECRET = ("bcryptHash", "result", "base64", "hex", "privateKeyPem", "privateKeyPemPkcs8")
"""Outputs of the generators that are secrets."""


class Estate:
    """The stacks of one environment.

    Args:
        runs: the engine.
        environment: dev, staging or prod.
        config: settings on top of the files, by project and path; a secret one as a tuple of one.
    """

    def __init__(self, runs, environment, config=None):
        self.runs = runs
        self.environment = environment
        self.names = [stack.name for stack in order.ORDER]
        self._stacks = {}
        self._config = config or {}

    def stack(self, name):
        """A stack of ours, made when it is first asked for."""
        if name not in self._stacks:
            (found,) = order.chosen([name])
            program = import_module(f"stacks.{name}.program").program
            stack = self.runs.stack(program, found.project, self.environment, found.folder)
            for path, value in self._config.get(name, {}).items():
                self.set(stack, f"{found.project}:{path}", value)
            self._stacks[name] = stack
        return self._stacks[name]

    def change(self, name, path, value):
        """Changes one setting, such as ``quotas.services.pods``."""
        self.set(self.stack(name), f"airworthy-{name}:{path}", value)

    def set(self, stack, key, value):
        secret = isinstance(value, tuple)
        config = auto.ConfigValue(value[0] if secret else value, secret=secret)
        stack.set_config(key, config, path=True)

    def up(self, *names):
        """Brings stacks up in order, all by default; gives what was done to how many resources, by stack."""
        return {name: self.runs.up(self.stack(name)) for name in self.names if not names or name in names}

    def destroy(self):
        for name in reversed(self.names):
            self.runs.destroy(self.stack(name))

    def resources(self, name):
        """What the engine keeps of a stack, but for the stack itself and its providers."""
        return [kept for kept in self.runs.state(self.stack(name)) if not kept["type"].startswith("pulumi:")]


def secrets(standin):
    """Every secret that anything in the cloud has, as text, and as what may stand for it in a file."""
    values = set()
    for store in set(standin.stores.values()):
        for state in store.things.values():
            values |= set(_texts(state, hidden=False))
    written = {form for value in values for form in (value, json.dumps(value)[1:-1], _base64(value))}
    return {text for text in written if len(text) >= 16}


def _texts(value, hidden):
    """The texts in it that are secret. A user's name is kept with the password and yet is none."""
    if is_secret(value):
        yield from _texts(value["value"], hidden=True)
    elif isinstance(value, dict):
        for name, part in value.items():
            if not name.lower().endswith("username"):
                yield from _texts(part, hidden or name in MADE_SECRET)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, hidden)
    elif hidden and isinstance(value, str):
        yield bare(value)


def _base64(text):
    return base64.b64encode(text.encode()).decode()
