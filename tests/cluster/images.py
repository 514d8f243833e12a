"""The generated project's two images, built as `make image` does and loaded into the cluster."""

import os
import re
import shlex
import shutil
import subprocess

from needs import need, need_command

SERVICE, PULL = "localhost/airworthy-cluster:test", "localhost/airworthy-cluster-pull:test"


def loader():
    """The command that loads an image archive into the cluster: AIRWORTHY_LOAD_IMAGE, else that of kind."""
    given = os.environ.get("AIRWORTHY_LOAD_IMAGE")
    need(
        given or shutil.which("kind"), "set AIRWORTHY_LOAD_IMAGE to the command that loads an image archive", "cluster"
    )
    return shlex.split(given) if given else ["kind", "load", "image-archive"]


def engine():
    """The command of a container engine that can build here."""
    found = need_command("podman", "docker")
    return [found, "--runtime", "runc"] if "podman" in found else [found]


def build(project, folder):
    """Builds both images of a project and loads them."""
    command, load = engine(), loader()
    usual = re.search(r"^ARG PYTHON_IMAGE=(\S+)", (project / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    base = os.environ.get("AIRWORTHY_PYTHON_IMAGE") or usual
    for name, target in ((SERVICE, []), (PULL, ["--target", "pull"])):
        form = ["--format", "docker"] if "podman" in command[0] else []
        python = ["--network=host", "--build-arg", f"PYTHON_IMAGE={base}"]
        run(*command, "build", "--quiet", *form, *python, *target, "--tag", name, project)
        archive = folder / f"{name.rpartition('/')[2].partition(':')[0]}.tar"
        save = ["--format", "docker-archive"] if form else []
        run(*command, "save", *save, "--output", archive, name)
        run(*load, archive)
        archive.unlink()


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
