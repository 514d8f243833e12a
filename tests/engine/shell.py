"""A user's shell with the real CLI: state in a folder, the stand-in for all providers, Python as its language."""

import os
import shutil

from engine import language_host
from engine.runs import PASSPHRASE


def shell(folder, providers, **variables):
    """Makes what such a shell needs in a folder; gives its variables."""
    tools, state = folder / "bin", folder / "state"
    tools.mkdir()
    state.mkdir()
    language_host.install(tools)
    (tools / "pulumi").symlink_to(shutil.which("pulumi"))
    return {
        "HOME": str(folder),
        "PULUMI_HOME": str(folder / ".pulumi"),
        "PATH": f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **variables,
    }
