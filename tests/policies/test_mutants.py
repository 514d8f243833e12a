"""The trial of mutants tells a fault that some test notices from one that none does."""

import subprocess
import sys

import pytest

from repository import ROOT

MODULE = """
from functools import cache

@cache
def many(count):
    return count > 1
"""
TEST = """
import planted

def test_many():
    assert planted.many(3)
    assert not planted.many(0)
"""
CLOSER = "    assert planted.many(2) and not planted.many(1)\n"
REVIEWED = """
[[planted]]
was = "return count > 1"
now = ["return count >= 1", "return count > 2"]
why = "nobody counts so few"
"""


def tried(folder, test, reviewed="", module="planted.py"):
    """Exit code and output for a module with a function that is decorated, as controls are."""
    for name, text in {"planted.py": MODULE, "test_planted.py": test, "reviewed.toml": reviewed}.items():
        (folder / name).write_text(text, encoding="utf-8")
    arguments = [module, "--tests", "test_planted.py", "--equivalent", "reviewed.toml"]
    command = [sys.executable, str(ROOT / "tests" / "policies" / "mutants"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_fault_that_no_test_notices_is_shown_where_it_is(tmp_path):
    code, said = tried(tmp_path, TEST)
    assert code == 1
    assert f"{tmp_path}/planted.py:6\n- return count > 1\n+ return count >= 1\n" in said
    assert "planted: 0 killed, 0 equivalent, 2 survived" in said


def test_one_that_a_test_notices_is_not(tmp_path):
    assert tried(tmp_path, TEST + CLOSER) == (0, "planted: 2 killed, 0 equivalent, 0 survived")


def test_one_that_was_reviewed_is_counted_apart(tmp_path):
    code, said = tried(tmp_path, TEST, REVIEWED)
    assert (code, said) == (0, "planted: 0 killed, 2 equivalent, 0 survived")


def test_a_module_that_is_not_there_is_named(tmp_path):
    code, said = tried(tmp_path, TEST, module="planed")
    assert code == 2
    assert f"there is no {ROOT}/policies/readiness/controls/planed.py" in said


@pytest.mark.parametrize("test", [TEST.replace("(3)", "(1)"), "import nothing"])
def test_tests_that_fail_without_a_fault_say_nothing_of_mutants(tmp_path, test):
    assert tried(tmp_path, test)[0] == 2
