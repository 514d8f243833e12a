"""The commands as people and CI run them: what they print, how they end, and what hostile input does to them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

POLICIES = Path(__file__).parents[2] / "policies"
GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: services}
spec:
  template:
    spec:
      containers:
        - name: web
          readinessProbe: {httpGet: {path: /readyz, port: 8080}}
"""
BAD = GOOD.replace("          readinessProbe: {httpGet: {path: /readyz, port: 8080}}\n", "")
ONLY = ("--only", "D3.readiness-probe,S5.readable-manifests")


@pytest.fixture
def readiness(tmp_path):
    """Runs the command in a folder of its own: readiness("check", …) gives its exit code, output and errors."""

    def run(*arguments, stdin=b""):
        known = {**os.environ, "PYTHONPATH": str(POLICIES)}
        command = [sys.executable, "-m", "readiness", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, input=stdin, capture_output=True, env=known, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


@pytest.fixture
def judged(readiness):
    """The results of `manifests --format json` on one control, and the exit code."""

    def run(*paths, stdin=b"", only=ONLY):
        code, out, errors = readiness("manifests", *paths, "--format", "json", *only, stdin=stdin)
        assert "Traceback" not in errors
        return code, json.loads(out)["results"] if out else errors

    return run


def test_a_result_says_all_that_a_reader_needs(judged, tmp_path):
    (tmp_path / "web.yaml").write_text(BAD)
    code, results = judged("web.yaml")
    assert code == 1
    assert results[0] == {
        "control": "D3.readiness-probe",
        "item": "D3",
        "verdict": "fail",
        "severity": "high",
        "resource": "Deployment/services/web",
        "file": "web.yaml",
        "line": 9,
        "message": "container web has no readinessProbe",
        "remedy": "readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5}",
    }


def test_what_passes_ends_with_zero(judged):
    code, results = judged("-", stdin=GOOD.encode())
    assert code == 0
    assert {one["verdict"] for one in results} == {"pass"}


def test_folders_are_read_whole_and_what_holds_nothing_is_noted(readiness, tmp_path):
    (tmp_path / "all" / "deep").mkdir(parents=True)
    (tmp_path / "all" / "deep" / "web.yaml").write_text(GOOD + "---" + BAD.replace("name: web", "name: other"))
    (tmp_path / "all" / "values.yaml").write_text("replicas: 2")
    (tmp_path / "all" / "notes.txt").write_text("kind: Deployment")
    _, out, _ = readiness("manifests", "all", "--format", "json", *ONLY)
    told = json.loads(out)
    assert {one["resource"] for one in told["results"]} >= {"Deployment/services/web", "Deployment/services/other"}
    assert told["notes"] == ["1 files hold no Kubernetes object"]


BOMB = b"a0: &a0 [x, x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 90))
HOSTILE = {
    "no YAML": (b"kind: [", "fail"),
    "a template": (b"kind: {{ .Values.kind }}\n{{ end", "not-evaluated"),
    "binary": (b"\x00\xff\xfe\x80", "fail"),
    "another encoding": ("name: b\xfccher".encode("latin-1"), "fail"),
    "a bomb": (BOMB, "fail"),
}


@pytest.mark.parametrize(("content", "verdict"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_read_is_a_result_and_blocks(judged, tmp_path, content, verdict):
    (tmp_path / "a.yaml").write_bytes(content)
    code, results = judged("a.yaml")
    assert code == 1
    assert [(one["control"], one["verdict"], one["file"]) for one in results] == [
        ("S5.readable-manifests", verdict, "a.yaml")
    ]


def test_a_file_beyond_the_limit_is_a_result(judged, tmp_path):
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(100 * 2**20)
    code, results = judged("a.yaml")
    assert (code, results[0]["verdict"]) == (1, "fail")
    assert "larger than" in results[0]["message"]


def test_links_are_not_followed_out_or_round(judged, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(BAD)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "web.yaml").write_text(GOOD)
    (inside / "out.yaml").symlink_to(outside / "secret.yaml")
    (inside / "loop").symlink_to(inside)
    code, results = judged("inside")
    assert code == 1
    assert {one["file"] for one in results if one["control"] == "D3.readiness-probe"} == {"inside/web.yaml"}
    assert [one["file"] for one in results if one["verdict"] == "fail"] == ["out.yaml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("manifests", "nowhere.yaml"), "nowhere.yaml: there is no such file"),
        (("manifests", "empty"), "no Kubernetes object found"),
        (("check", "nowhere"), "nowhere is no folder"),
        (("check", "."), "holds no file"),
        (("check", "--explain", "D3.nothing"), "no control is called D3.nothing"),
        (("manifests", "-", "--only", "D33"), "--only D33"),
        (("manifests", "-", "--format", "xml"), "xml"),
        (("nothing",), "nothing"),
    ],
)
def test_what_cannot_be_judged_ends_with_two_and_a_way_out(readiness, tmp_path, arguments, said):
    if "empty" in arguments:
        (tmp_path / "empty").mkdir()
    code, _, errors = readiness(*arguments, stdin=GOOD.encode())
    assert code == 2
    assert said in errors
    assert "Traceback" not in errors


def test_the_same_input_gives_the_same_bytes(readiness, tmp_path):
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.yaml").write_text(BAD.replace("name: web", f"name: {name}"))
    first, second = (readiness("manifests", ".", "--format", "json") for _ in range(2))
    assert first == second


def test_a_demand_of_production_is_not_made_in_development(judged):
    text = BAD.encode()
    said = {}
    for environment in ("dev", "prod"):
        _, results = judged("-", stdin=text, only=("--only", "D2.replicas", "--environment", environment))
        said[environment] = [one["verdict"] for one in results]
    assert said == {"dev": [], "prod": ["fail"]}


def test_a_report_goes_to_a_file(readiness, tmp_path):
    code, out, _ = readiness("manifests", "-", "--format", "json", "--output", "report.json", stdin=BAD.encode())
    assert (code, out) == (1, "")
    assert json.loads((tmp_path / "report.json").read_text())["results"]


def test_the_table_gives_place_reason_and_remedy(readiness, tmp_path):
    (tmp_path / "web.yaml").write_text(BAD)
    _, out, _ = readiness("manifests", "web.yaml", *ONLY)
    assert "FAIL D3.readiness-probe (high)" in out
    assert "web.yaml:9  Deployment/services/web: container web has no readinessProbe" in out
    assert "why: " in out
    assert "do:  readinessProbe: {httpGet" in out


def test_explain_says_what_a_control_demands(readiness):
    code, out, _ = readiness("check", "--explain", "d3.readiness-probe")
    assert code == 0
    assert "Every serving container has a readiness probe" in out


def baseline(readiness, text):
    readiness("manifests", "-", "--format", "json", "--output", "before.json", *ONLY, stdin=text.encode())
    return ("--baseline", "before.json", *ONLY)


def test_with_a_baseline_only_what_got_worse_fails(readiness):
    options = baseline(readiness, BAD)
    assert readiness("manifests", "-", *options, stdin=("\n\n" + BAD).encode())[0] == 0
    code, out, _ = readiness("manifests", "-", *options, stdin=(BAD + "---" + BAD.replace("web,", "new,")).encode())
    assert code == 1
    assert "1 results that block are not in before.json: D3.readiness-probe of Deployment/services/new" in out


def test_a_second_failure_of_the_same_resource_is_worse(readiness):
    options = baseline(readiness, BAD)
    assert readiness("manifests", "-", *options, stdin=(BAD + "        - name: second\n").encode())[0] == 1


@pytest.mark.parametrize("content", ["", "[]", '{"results": [{}]}', None])
def test_a_baseline_that_is_no_report_is_refused(readiness, tmp_path, content):
    if content is not None:
        (tmp_path / "before.json").write_text(content)
    code, _, errors = readiness("manifests", "-", "--baseline", "before.json", stdin=BAD.encode())
    assert code == 2
    assert "--baseline before.json" in errors


def test_check_judges_all_25_items_and_runs_nothing_of_the_repository(readiness, tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "web.yaml").write_text(GOOD)
    (repo / "conftest.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (repo / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    code, out, _ = readiness("check", "repo", "--format", "json")
    told = json.loads(out)
    assert code == 1
    assert len(told["items"]) == 25
    assert told["items"]["D3"]["controls"]
    assert set(told) >= {"items", "score", "ml_test_score", "results"}
    assert not (tmp_path / "ran").exists()


def test_rendered_manifests_are_judged_with_the_repository(readiness, tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "README.md").write_text("A service.")
    (tmp_path / "all.yaml").write_text(BAD)
    control = ("--only", "D3.readiness-probe", "--format", "json")
    _, alone, _ = readiness("check", "repo", *control)
    _, given, _ = readiness("check", "repo", *control, "--resources", "all.yaml")
    assert [one["verdict"] for one in json.loads(alone)["results"]] == ["not-evaluated"]
    assert [one["verdict"] for one in json.loads(given)["results"]] == ["fail"]


ALERTS = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: NAME}
spec: {groups: [{name: NAME, rules: [RULES]}]}
"""


def alerts(name, **addresses):
    rules = [
        f"{{alert: {alert}, expr: up == 0, annotations: {{runbook_url: '{url}'}}}}" for alert, url in addresses.items()
    ]
    return ALERTS.replace("NAME", name).replace("RULES", ", ".join(rules))


def test_alerts_whose_pages_are_in_another_repository_wait_for_its_pages(readiness, tmp_path):
    own, theirs = tmp_path / "repo" / "runbooks", tmp_path / "platform" / "runbooks"
    for folder, page in ((own, "web-down.md"), (theirs, "node-gone.md")):
        folder.mkdir(parents=True)
        (folder / page).write_text("# What to do\n")
    base = "https://pages.example"
    (tmp_path / "all.yaml").write_text(
        alerts("web", WebDown=f"{base}/web/web-down.md", WebSlow=f"{base}/web/web-slow.md")
        + "---"
        + alerts("platform", NodeGone=f"{base}/node-gone.md")
    )
    options = ("--resources", "all.yaml", "--only", "G3.runbook-for-each-alert", "--format", "json")

    def said(*more):
        _, out, _ = readiness("check", "repo", *options, *more)
        return {one["resource"].rpartition("/")[2]: one["verdict"] for one in json.loads(out)["results"]}

    assert said() == {"WebDown": "pass", "WebSlow": "fail", "NodeGone": "not-evaluated"}
    assert said("--runbooks", "platform/runbooks") == {"WebDown": "pass", "WebSlow": "fail", "NodeGone": "pass"}
    _, _, errors = readiness("check", "repo", *options, "--runbooks", "nowhere")
    assert "nowhere is no folder" in errors
