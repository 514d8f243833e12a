"""Four small stacks in place of ours, under the real driver: what it does with them is seen quickly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine import language_host
from engine.runs import PASSPHRASE

ROOT = Path(__file__).parents[2]
ORDER = ("cluster", "secrets", "registry", "observability")
PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes

settings = pulumi.Config()
earlier = {earlier!r}
seen = [pulumi.StackReference(f"organization/airworthy-{{name}}/{{pulumi.get_stack()}}") for name in earlier]
kubernetes.core.v1.ConfigMap(
    "{name}",
    metadata={{"name": "{name}", "namespace": "platform"}},
    data={{str(at): stack.get_output("size") for at, stack in enumerate(seen)}},
)
pulumi.export("size", settings.require("size"))
pulumi.export("hidden", pulumi.Output.secret("planted-secret-value"))
"""


class Four:
    """A copy of the driver with four small stacks, and a user's shell to run it in.

    Attributes:
        variables: the shell's environment.
    """

    def __init__(self, folder, providers):
        self.folder = folder
        tools = folder / "bin"
        tools.mkdir()
        language_host.install(tools)
        (tools / "pulumi").symlink_to(shutil.which("pulumi"))
        for part in ("drive", "platform", "__init__.py", "__main__.py"):
            place = folder / "stacks" / part
            source = ROOT / "stacks" / part
            shutil.copytree(source, place) if source.is_dir() else self._write(f"stacks/{part}", source.read_text())
        for at, name in enumerate(ORDER):
            self._write(f"stacks/{name}/Pulumi.yaml", f"name: airworthy-{name}\nruntime: python\n")
            self._write(f"stacks/{name}/__main__.py", PROGRAM.format(name=name, earlier=ORDER[:at]))
            for environment, cloud, size in (("dev", "kubernetes", 1), ("prod", "aws", 3)):
                self.set(name, environment, cloud=cloud, size=size)
        (folder / "state").mkdir()
        self.variables = {
            "HOME": str(folder),
            "PATH": f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PYTHONPATH": f"{folder}",
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def set(self, name, environment, **settings):
        """Writes a stack's settings file anew."""
        lines = [f"  airworthy-{name}:{key}: {value}\n" for key, value in settings.items()]
        self._write(f"stacks/{name}/Pulumi.{environment}.yaml", "config:\n" + "".join(lines))

    def run(self, *arguments, code=0, **variables):
        """Runs `python -m stacks`; it must end with the code. Gives what it printed, and what it said of itself."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.shell(**variables), capture_output=True, text=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def command(self, *arguments):
        return [sys.executable, "-m", "stacks", *arguments]

    def shell(self, **variables):
        """The environment with some variables changed; None takes one away."""
        changed = {**self.variables, **variables}
        return {name: str(value) for name, value in changed.items() if value is not None}

    def _write(self, path, text):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
