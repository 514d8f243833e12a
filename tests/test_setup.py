"""`make setup` of this repository and of a generated project, wherever they are. With locks of nothing, for speed."""

import os
import shutil

import pytest

from needs import need_command
from project import run
from repository import BRACED, ROOT

MAKEFILES = {"repository": ROOT / "Makefile", "project": ROOT / BRACED / "Makefile"}
PLACE = "a folder, naïve & somebody's"


@pytest.fixture(params=MAKEFILES)
def folder(request, tmp_path):
    """A folder with a name that shells take for several words, a Makefile in it and a lock of nothing."""
    made = tmp_path / PLACE
    (made / "requirements").mkdir(parents=True)
    shutil.copy(MAKEFILES[request.param], made / "Makefile")
    (made / "requirements" / "dev.txt").write_text("# nothing\n")
    return made


def works(folder):
    """Whether the environment is there, and no second make sets it up again."""
    assert run(folder, folder / ".venv/bin/python", "-c", "print('it runs')") == "it runs\n"
    assert "▸" not in run(folder, "make", "setup")


def test_it_says_what_takes_so_long(folder):
    need_command("uv")
    said = run(folder, "make", "setup")
    assert said.startswith("▸ make setup   requirements/dev.txt")
    works(folder)


def test_without_uv_it_makes_do_with_pip(folder, tmp_path):
    """A uv that cannot run, as a shim of pyenv for another version of Python, is none."""
    broken = tmp_path / "bin" / "uv"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'uv: command not found' >&2\nexit 127\n")
    broken.chmod(0o755)
    run(folder, "make", "setup", PATH=f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    works(folder)
