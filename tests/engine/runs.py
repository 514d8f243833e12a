"""Runs programs by the real Pulumi engine, with the stand-in for all providers and state in a folder."""

import gc
import json
import os
import shutil
import subprocess
from pathlib import Path

from pulumi import automation as auto

PASSPHRASE = "correct horse battery staple"


class Runs:
    """One state folder, one stand-in; each project is run as `pulumi` would run it in its folder.

    Attributes:
        standin: what answers for the providers.
        said: all that the engine printed, as a log would keep it.
    """

    def __init__(self, folder, standin, providers):
        self.standin = standin
        self.said = []
        self._folder = Path(folder)
        self._variables = {
            "PULUMI_BACKEND_URL": f"file://{self._made('state')}",
            "PULUMI_HOME": str(self._made("home")),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def stack(self, program, project, environment, settings=None, config=None):
        """A stack of a project, made if it is not there.

        Args:
            program: called by the engine.
            project: name of the project.
            environment: name of the stack.
            settings: folder whose Pulumi*.yaml are used; without one the project has none.
            config: values set on top, by their full names.
        """
        work = self._made(f"work/{project}")
        for path in Path(settings).glob("Pulumi*.yaml") if settings else ():
            if not (work / path.name).exists():
                shutil.copy2(path, work / path.name)
        options = auto.LocalWorkspaceOptions(work_dir=str(work), env_vars=self._variables)
        stack = auto.create_or_select_stack(environment, project_name=project, program=program, opts=options)
        for name, value in (config or {}).items():
            stack.set_config(name, auto.ConfigValue(value))
        return stack

    def preview(self, stack):
        """Number of resources by what would be done to them."""
        return _counts(self._ran(stack.preview).change_summary)

    def up(self, stack):
        """Number of resources by what was done to them."""
        return _counts(self._ran(stack.up).summary.resource_changes)

    def destroy(self, stack):
        return _counts(self._ran(stack.destroy).summary.resource_changes)

    def unprotect(self, stack):
        """Lets everything of a stack go, as somebody would by hand."""
        work, name = stack.workspace.work_dir, stack.name
        command = ["pulumi", "state", "unprotect", "--all", "--yes", "--stack", name]
        subprocess.run(command, cwd=work, env={**os.environ, **self._variables}, check=True, capture_output=True)

    def state(self, stack):
        """The resources that the engine keeps of a stack."""
        return stack.export_stack().deployment.get("resources") or []

    def kept(self):
        """The text of every file that the engine keeps, with its history and backups."""
        files = [path for path in self._made("state").rglob("*") if path.is_file()]
        return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files}

    def _ran(self, command):
        """What a command of the engine gives.

        A program that failed leaves coroutines of Pulumi's behind, which stop the server of callbacks once they are
        collected: that of whatever program runs in this process by then, which loses its engine.
        """
        gc.collect()
        return command(on_output=self.said.append, color="never")

    def _made(self, name):
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _counts(changes):
    """Only what is to be done, by plain names."""
    return json.loads(json.dumps({str(getattr(kind, "value", kind)): count for kind, count in (changes or {}).items()}))
