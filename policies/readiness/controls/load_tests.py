"""R4: a load test exists, something runs it, and it says by itself whether the result is good enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.alert_rules import is_test
from readiness.controls.subjects import A_SERVICE, service
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call

SRE = "https://sre.google/sre-book/software-engineering-in-sre/"
TOOLS = (
    "locust",
    "k6",
    "vegeta",
    "hey",
    "wrk",
    "wrk2",
    "ab",
    "oha",
    "ghz",
    "artillery",
    "jmeter",
    "gatling",
    "bombardier",
)
NAMES = frozenset(TOOLS) - {"ab", "hey"}  # in a test these two may be any text
SCRIPT = re.compile(
    r"(^|/)(locustfile\w*\.py|[^/]*(load|stress|soak|perf)[\w-]*test[^/]*\.(py|js|ts|ya?ml|jmx|scala))$|(^|/)k6/.*\.js$",
    re.I,
)
JUDGES = re.compile(
    r"thresholds|process_exit_code|exit-code-on-error|fail_ratio|get_response_time_percentile|quitting|assert |ensure:|"
    r"p9[59]|returncode"
)


def scripts(facts: Facts) -> list[File]:
    """The scripts of load tests."""
    found = [file for file in facts.repository.files.values() if SCRIPT.search(file.path)]
    known = {file.path for file in found}
    more = [module.source for module in facts.code.modules.values() if "locust" in module.packages]
    return found + [file for file in more if file.path not in known]


def is_load_test(call: Call) -> bool:
    return call.runs(*TOOLS) and not call.has("--version")


@control(
    id="R4.load-test-run",
    title="A load test exists, and CI can run it",
    why="the load that breaks a service is found by a test or by its callers",
    remedy="write tests/load/locustfile.py; add a job: locust -f tests/load/locustfile.py --headless -t 60s",
    severity="medium",
    kind="repository",
    sources=(SRE,),
    subjects=service,
    needs=A_SERVICE,
)
def load_test_run(repo: Repository, facts: Facts) -> Iterator[Problem]:
    found = scripts(facts)
    named = [one.name for one in found]
    for module in facts.code.tests:
        starts = any(
            text in named or text in NAMES or any(text.endswith(f"/{name}") for name in named)
            for text, _ in module.strings
        )
        if module.source not in found and starts and not list(wired(facts, is_test, "the tests")):
            return
    problems = list(wired(facts, is_load_test, "a load test", may_be_manual=True))
    if problems and found and not problems[0].line:
        yield Problem(f"no job of {facts.pipelines.described} runs this load test", 1, found[0].path)
    else:
        yield from problems


def load_scripts(facts: Facts) -> Iterator[File]:
    return iter(scripts(facts))


@control(
    id="R4.load-test-judges",
    title="The load test says whether the result is good enough",
    why="a load test that only prints figures passes whatever they are",
    remedy="k6: thresholds: {http_req_duration: ['p(99)<200']}; locust: environment.process_exit_code = 1 on quitting",
    severity="medium",
    kind="repository",
    sources=(SRE,),
    subjects=load_scripts,
    needs="the script of a load test",
)
def load_test_judges(file: File, facts: Facts) -> Iterator[Problem]:
    if JUDGES.search(file.text):
        return
    users = (module for module in facts.code.tests if any(file.name in text for text, _ in module.strings))
    if not any(JUDGES.search(module.source.text) for module in users):
        yield Problem("it measures, and fails for no figure")


CONTROLS = (load_test_run, load_test_judges)
