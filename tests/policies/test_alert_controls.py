"""Alert rules in a repository: what counts as a test of them, and which pages belong to which alert."""

import pytest
from judged import kubernetes, said_of

from readiness.control import Verdict
from readiness.facts.kubernetes import read_text
from readiness.facts.resources import Resources

PAGE = "G3.runbook-for-each-alert"
WIKI = "https://wiki.example.com/pages"
BY_PYTHON = {"tests/test_rules.py": "import subprocess\n\n\ndef test_rules():\n    subprocess.run(['promtool'])\n"}
GONE = f"alert ServiceDown5x leads to {WIKI}/gone, and no page of that address is in this repository"


def rules(*urls):
    """A rule file, with an alert for each address of a page."""
    alerts = "".join(
        f"      - {{alert: {name}, expr: up == 0, annotations: {{runbook_url: '{url}'}}}}\n"
        for name, url in zip(("ServiceDown5x", "Other"), urls, strict=False)
    )
    return f"groups:\n  - name: service\n    rules:\n{alerts}"


def workflow(command):
    return f"on: push\njobs:\n  check:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {command}\n"


def runs(command, folder, **files):
    files = {"rules.yaml": rules(""), ".github/workflows/ci.yml": workflow(command)} | files
    ((verdict, _),) = said_of("M3.alert-rules-tested", folder, files)
    return verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("command", "tests"),
    [
        ("promtool test rules tests.yaml", True),
        ("promtool check rules rules.yaml", True),
        ("promtool query instant http://prometheus up", False),
        ("npm test", False),
        ("pint lint rules.yaml", True),
        ("mimirtool rules check rules.yaml", True),
        ("cortextool rules check rules.yaml", True),
    ],
)
def test_tests_of_rules(command, tests, tmp_path):
    assert runs(command, tmp_path) is tests


@pytest.mark.parametrize(
    ("command", "tests"),
    [
        *((name, True) for name in ("pytest", "py.test", "nosetests", "nose2", "behave", "tox", "nox", "ctest")),
        ("python -m unittest", True),
        *((f"pytest {option}", False) for option in ("--collect-only", "--co", "--version")),
        *((f"{name} test", True) for name in ("go", "cargo", "npm", "pnpm", "yarn", "helm", "mvn", "gradle")),
        ("npm run test", True),
        ("npm run build test", False),
        ("test npm", False),
        ("promtool check rules rules.yaml", True),
    ],
)
def test_suites_that_test_rules(command, tests, tmp_path):
    assert runs(command, tmp_path, **BY_PYTHON) is tests


def test_rules_that_python_makes_are_rules(tmp_path):
    made = {"stack.py": "KIND = 'PrometheusRule'\n"}
    assert said_of("M3.alert-rules-kept", tmp_path, made)[0][0] is Verdict.PASS


@pytest.mark.parametrize(
    ("page", "text", "about"),
    [
        ("docs/service-down-5x.md", "", True),
        ("docs/service.down-5x.md", "", True),
        ("docs/RUNBOOK.md", "# Service down 5x\n", True),
        ("docs/playbook.md", "# All\n\n## ServiceDown5x\n", True),
        ("alerts.md", "# ServiceDown5x\n", True),
        ("docs/other.md", "# ServiceDown5x\n", False),
        ("docs/service-down.md", "", False),
    ],
)
def test_pages_about_alerts(page, text, about, tmp_path):
    ((verdict, _),) = said_of(PAGE, tmp_path, {"rules.yaml": rules(""), page: text, "docs/deep/alert.md": "# A"})
    assert (verdict is Verdict.PASS) is about


@pytest.mark.parametrize(
    ("url", "pages", "verdict"),
    [
        (f"{WIKI}/gone", ["gone.md"], Verdict.PASS),
        (f"{WIKI}/gone.md#first", ["docs/gone.md"], Verdict.PASS),
        ("pages/gone.md", ["gone.md"], Verdict.FAIL),
        (f"{WIKI}/", ["docs/.md"], Verdict.NOT_EVALUATED),
        (f"{WIKI}/gone", [], Verdict.NOT_EVALUATED),
        (f"{WIKI}/gone", ["pages.md"], Verdict.NOT_EVALUATED),
        (f"{WIKI}/gone", ["runbooks/other.md"], Verdict.FAIL),
    ],
)
def test_addresses_of_pages(url, pages, verdict, tmp_path):
    files = {"rules.yaml": rules(url), **dict.fromkeys(pages, "")}
    assert [one for one, _ in said_of(PAGE, tmp_path, files)] == [verdict]


def test_a_page_may_be_in_a_folder_that_was_named(tmp_path):
    files = {"rules.yaml": rules(f"{WIKI}/gone")}
    assert said_of(PAGE, tmp_path, files) == [(Verdict.NOT_EVALUATED, GONE)]
    assert said_of(PAGE, tmp_path, files, runbooks=frozenset({"gone.md"}))[0][0] is Verdict.PASS


@pytest.mark.parametrize(
    ("neighbour", "verdict"),
    [
        (f"{WIKI}/here.md", Verdict.FAIL),
        (f"{WIKI}/there.md", Verdict.NOT_EVALUATED),
        ("https://other.example.com/pages/here.md", Verdict.NOT_EVALUATED),
    ],
)
def test_alerts_of_the_platform_lead_to_pages_of_the_platform(neighbour, verdict, tmp_path):
    """They are given beside the repository; it has runbooks of its own."""
    bodies = [
        {"alert": name, "expr": "up == 0", "annotations": {"runbook_url": url}}
        for name, url in (("ServiceDown5x", f"{WIKI}/gone"), ("Other", neighbour))
    ]
    spec = {"groups": [{"name": "platform", "rules": bodies}]}
    given = Resources(
        tuple(read_text(str(kubernetes("PrometheusRule", "monitoring.coreos.com/v1", spec=spec)), "a.yaml"))
    )
    said = said_of(PAGE, tmp_path, {"runbooks/here.md": "", "values.yaml": "a: 1\n"}, resources=given)
    assert said[0][0] is verdict


@pytest.mark.parametrize("annotations", ["", "{}", "none", "{runbook_url: }", "{runbook_url: 1}"])
def test_an_alert_without_an_address(annotations, tmp_path):
    alert = f"{{alert: HTTPSlow5XXRate, expr: up, annotations: {annotations}}}"
    text = f"groups: [{{name: service, rules: [{alert}]}}]\n"
    missing = (Verdict.FAIL, "no page is about HTTPSlow5XXRate")
    assert said_of(PAGE, tmp_path, {"rules.yaml": text}) == [missing]
