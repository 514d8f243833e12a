"""What the tests share: a clean copy of the template, a way to bake it, an environment for what it makes."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from project import Demo, free_port, run
from repository import BRACED, ROOT, begin, commit, git

settings.register_profile("steady", deadline=None)  # a busy machine is no failure
settings.load_profile("steady")


class Places(LoadFileScheduling):
    """A process takes whole files, and one alone takes all that use the cluster, of which there is one."""

    def _split_scope(self, nodeid):
        folder, _, _ = nodeid.rpartition("/")
        return folder if folder == "tests/cluster" else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Places(config, log)


def pytest_terminal_summary(terminalreporter):
    """Says what was skipped, by the reason why."""
    reasons = defaultdict(list)
    for report in terminalreporter.getreports("skipped"):
        reasons[report.longrepr[2].removeprefix("Skipped: ")].append(report.nodeid.partition("::")[0])
    for reason, files in sorted(reasons.items()):
        terminalreporter.write_line(f"{len(files)} skipped: {reason} ({', '.join(sorted(set(files)))})")


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory):
    """Keeps the user's settings out of the tests, and what cookiecutter leaves behind in pytest's folder."""
    home = tmp_path_factory.mktemp("home")
    (home / "cookiecutter.yaml").write_text(f"cookiecutters_dir: {home}/clones\nreplay_dir: {home}/replay\n")
    (home / "gitconfig").write_text(
        "[user]\n  name = Test\n  email = test@example.com\n[init]\n  defaultBranch = main\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COOKIECUTTER_CONFIG", str(home / "cookiecutter.yaml"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("TMPDIR", str(home))
        patch.setattr(tempfile, "tempdir", str(home))
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A git repository of the files as they stand, without what git ignores, as a user would clone it."""
    copy = tmp_path_factory.mktemp("template") / "airworthy"
    names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        if os.path.lexists(ROOT / name):  # not so when deleted and not yet committed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    commit(copy)
    return copy


@pytest.fixture(scope="session")
def bake(template):
    """Generates a project from the template without questions: bake(folder, team="…") gives its path."""

    def bake(folder, **answers):
        return Path(cookiecutter(str(template), no_input=True, extra_context=answers, output_dir=str(folder)))

    return bake


@pytest.fixture(scope="session")
def hook():
    """A hook as a module, which it is before it is rendered, too: hook("pre_gen_project")."""

    @cache
    def load(name):
        spec = importlib.util.spec_from_file_location(name, ROOT / "hooks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def project_env(template):
    """The Python of an environment with all that a generated project needs; made once, then kept.

    AIRWORTHY_TEST_ENV names its folder. An environment that somebody else made there is used as it is.
    """
    locks = [template / BRACED / "requirements" / name for name in ("dev.txt", "boosting.txt")]
    chosen = os.environ.get("AIRWORTHY_TEST_ENV")
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    folder = Path(chosen) if chosen else ROOT / ".cache" / "test-env" / digest
    python, ready = folder / "bin" / "python", folder / ".ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # tests run in several processes
        holds = ready.read_text() if ready.exists() else None
        somebody_elses = chosen and holds is None and python.exists()
        if holds != digest and not somebody_elses:
            install(folder, python, locks)
            ready.write_text(digest)
    return python


@pytest.fixture
def new_project(bake, project_env, tmp_path):
    """A newly generated project under version control, with the shared environment as its own."""
    return begin(bake(tmp_path), project_env)


@pytest.fixture(scope="session")
def demo(bake, project_env, tmp_path_factory):
    """The default project after `make demo`: where it is, and what the command printed. Not to be changed."""
    folder = begin(bake(tmp_path_factory.mktemp("demo")), project_env)
    return Demo(folder, run(folder, "make", "demo", f"PORT={free_port()}"))


def install(folder, python, locks):
    """Makes a virtual environment of what locks pin, with uv when present, else with venv and pip."""
    if shutil.which("uv"):
        make = ["uv", "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
        fill = ["uv", "pip", "sync", "-q", "--python", str(python), "--require-hashes", *map(str, locks)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        listed = [word for lock in locks for word in ("-r", str(lock))]
        fill = [str(python), "-m", "pip", "install", "-q", "--require-hashes", *listed]
    for command in (make, fill):
        subprocess.run(command, check=True)
