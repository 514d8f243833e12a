"""What git keeps out of a repository is no secret in it; all that git might have is."""

import pytest

from readiness.control import Verdict
from readiness.controls import named
from readiness.facts import Facts
from readiness.facts.repository import Repository
from repository import git

KEY = "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
WHERE = ".local/key.pem"


@pytest.fixture
def folder(tmp_path):
    """A repository in git with a private key beside the source, which the ignore file names."""
    (tmp_path / ".local").mkdir()
    (tmp_path / WHERE).write_text(KEY)
    (tmp_path / ".gitignore").write_text("# of one machine\n.venv\n.local/\n")
    (tmp_path / "main.py").write_text("print()\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    return tmp_path


def found(folder):
    """The files in which a secret was found."""
    facts = Facts(repository=Repository.at(folder))
    said = named("S2.no-secret-in-files").findings(facts)
    return {finding.file for finding in said if finding.verdict is Verdict.FAIL}


@pytest.mark.parametrize("pattern", [".local/", ".local", "/.local/", "*.pem", "key.pem"])
def test_what_is_ignored_and_not_tracked_is_kept_out(folder, pattern):
    (folder / ".gitignore").write_text(f"{pattern}\n")
    assert found(folder) == set()


@pytest.mark.parametrize(
    "pattern", ["", "/key.pem", ".local/*.pem", "local/", "main.py", "*\n!.local/key.pem", "key.pem/"]
)
def test_what_the_ignore_file_does_not_plainly_name_is_judged(folder, pattern):
    (folder / ".gitignore").write_text(f"{pattern}\n")
    assert found(folder) == {WHERE}


def test_what_was_added_all_the_same_is_judged(folder):
    git(folder, "add", "--force", WHERE)
    assert found(folder) == {WHERE}


@pytest.mark.parametrize(
    "index", [["--index-version", "4"], ["--split-index"]], ids=["paths shortened", "left to another file"]
)
def test_an_index_that_is_not_understood_keeps_nothing_out(folder, index):
    git(folder, "add", "--force", WHERE)
    git(folder, "update-index", *index)
    (folder / "later.py").write_text("print()\n")
    git(folder, "add", "later.py")
    assert found(folder) == {WHERE}


@pytest.mark.parametrize("content", [None, b"", b"DIRC\0\0\0\2\0\0\0\7", b"no index at all"])
def test_without_an_index_that_can_be_read_nothing_is_kept_out(folder, content):
    index = folder / ".git" / "index"
    index.unlink()
    if content is not None:
        index.write_bytes(content)
    assert found(folder) == {WHERE}
