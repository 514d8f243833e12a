"""Load tests: what is one, what runs it, what judges its figures."""

import pytest
from judged import SERVICE, ci, problems, refuses, verdicts

TOOLS = ("locust", "k6", "vegeta", "hey", "wrk", "wrk2", "ab", "oha", "ghz", "artillery", "jmeter", "gatling")
APP = {"app.py": SERVICE}


@pytest.mark.parametrize(
    ("command", "loads"),
    [*((f"{tool} web", True) for tool in (*TOOLS, "bombardier")), ("k6 --version", False), ("curl web", False)],
)
def test_tools(command, loads):
    assert refuses("R4.load-test-run", files={**APP, **ci(command, when="manual")}) is not loads


@pytest.mark.parametrize(
    ("name", "text", "command", "runs"),
    [
        ("tests/test_web.py", "run('locust')", "pytest", True),
        ("tests/test_web.py", "run('locust')", "ls", False),
        *(("tests/test_web.py", f"run('{word}')", "pytest", False) for word in ("hey", "ab", "other", "myweb.js")),
        *(("tests/test_web.py", f"run('{word}')", "pytest", True) for word in ("web.js", "k6/web.js", "/srv/web.js")),
        ("tests/load_test.py", "run('locust')", "pytest", False),
    ],
)
def test_a_test_that_ci_runs_may_run_a_load_test(name, text, command, runs):
    files = {**APP, "k6/web.js": "", name: text, **ci(command)}
    assert refuses("R4.load-test-run", files=files) is not runs


def test_what_is_missing_is_said():
    said = [".gitlab-ci.yml:0 a load test: .gitlab-ci.yml runs nothing of the kind"]
    assert problems("R4.load-test-run", files={**APP, **ci("ls")}) == said


@pytest.mark.parametrize(
    ("name", "text", "script"),
    [
        *((name, "", True) for name in ("locustfile.py", "Load-Test.js", "stress_test.py", "soaktest.yaml", "k6/a.js")),
        ("attack.py", "import locust", True),
        ("attack.py", "import requests", False),
        ("k6.js", "", False),
    ],
)
def test_scripts(name, text, script):
    assert bool(verdicts("R4.load-test-judges", files={name: text})) is script


def test_a_script_is_judged_once():
    assert len(problems("R4.load-test-judges", files={"locustfile.py": "import locust"})) == 1


@pytest.mark.parametrize(
    ("text", "test", "judges"),
    [
        *((word, "", True) for word in ("thresholds", "process_exit_code", "exit-code-on-error", "fail_ratio")),
        *((word, "", True) for word in ("get_response_time_percentile", "quitting", "assert a", "ensure:", "p95")),
        *((word, "", True) for word in ("p99", "returncode")),
        ("", "run('locustfile.py')\nassert fast", True),
        ("", "run('locustfile.py')", False),
        ("", "run('other.py')\nassert fast", False),
    ],
)
def test_figures_are_judged(text, test, judges):
    files = {"locustfile.py": f"# {text}", "tests/test_web.py": test}
    assert refuses("R4.load-test-judges", files=files) is not judges
