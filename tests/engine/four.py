"""Four small stacks in place of ours, under the real driver: what it does with them is seen quickly."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from engine.shell import shell

ROOT = Path(__file__).parents[2]
ORDER = ("cluster", "secrets", "registry", "observability")
SETTINGS = """
from stacks.platform.settings import StackSettings


class {title}Settings(StackSettings):
    size: int
    context: str | None = None
    keep: bool = False
"""
PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes

from stacks.{name}.settings import {title}Settings
from stacks.platform.settings import load

settings = load({title}Settings)
earlier = {earlier!r}
seen = [pulumi.StackReference(f"organization/airworthy-{{name}}/{{pulumi.get_stack()}}") for name in earlier]
kubernetes.core.v1.ConfigMap(
    "{name}",
    metadata={{"name": "{name}", "namespace": "platform"}},
    data={{str(at): stack.get_output("size") for at, stack in enumerate(seen)}},
    opts=pulumi.ResourceOptions(protect=settings.keep),
)
pulumi.export("size", settings.size)
pulumi.export("hidden", pulumi.Output.secret("planted-secret-value"))
"""


class Four:
    """A copy of the driver with four small stacks, and a user's shell to run it in.

    Attributes:
        variables: the shell's environment.
    """

    def __init__(self, folder, providers):
        self.folder = folder
        self.variables = shell(folder, providers, PYTHONPATH=str(folder))
        for part in ("cost", "drive", "platform", "__init__.py", "__main__.py"):
            place = folder / "stacks" / part
            source = ROOT / "stacks" / part
            shutil.copytree(source, place) if source.is_dir() else self._write(f"stacks/{part}", source.read_text())
        for at, name in enumerate(ORDER):
            self._write(f"stacks/{name}/Pulumi.yaml", f"name: airworthy-{name}\nruntime: python\n")
            known = {"name": name, "title": name.title(), "earlier": ORDER[:at]}
            self._write(f"stacks/{name}/settings.py", SETTINGS.format(**known))
            self._write(f"stacks/{name}/__main__.py", PROGRAM.format(**known))
            self.set(name, "dev", cloud="kubernetes", size=1)
            self.set(name, "prod", cloud="aws", size=3, aws="{region: eu-central-1, account: '000000000000'}")

    def set(self, name, environment, **settings):
        """Writes a stack's settings file anew."""
        settings = {"owner": "platform", "cost_centre": "platform", **settings}
        lines = [f"  airworthy-{name}:{key}: {value}\n" for key, value in settings.items()]
        self._write(f"stacks/{name}/Pulumi.{environment}.yaml", "config:\n" + "".join(lines))

    def run(self, *arguments, code=0, **variables):
        """Runs `python -m stacks`; it must end with the code. Gives what it printed, and what it said of itself."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.shell(**variables), capture_output=True, text=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def pulumi(self, *arguments, folder=".", **variables):
        """Runs the CLI itself."""
        where = self.folder / folder
        subprocess.run(["pulumi", *arguments], cwd=where, env=self.shell(**variables), check=True, capture_output=True)

    def start(self, *arguments):
        """Starts `python -m stacks` as the head of a process group, as a terminal does."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.shell(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def command(self, *arguments):
        return [sys.executable, "-m", "stacks", *arguments]

    def shell(self, **variables):
        """The environment with some variables changed; None takes one away."""
        changed = {**self.variables, **variables}
        return {name: str(value) for name, value in changed.items() if value is not None}

    def _write(self, path, text):
        """Writes a file of the copy."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
