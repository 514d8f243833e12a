"""The forms of a report, each read by what it is for: renderer of Markdown, schema of SARIF, reader of JUnit's XML."""

import json
import os
import stat
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from commands import full_disk, readiness, report, stranger
from jsonschema import Draft4Validator
from junitparser import JUnitXml, TestSuite
from markdown_it import MarkdownIt

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: services}
spec: {hostNetwork: true, containers: [{name: NAME, image: a.example/a:1.2.3}]}
"""
# What a repository may call things, and what each would do to a report that took it for more than text.
NAMES = {
    "Hebrew": "\u05d0\u05d1\u05d2",
    "another direction": "abc\u202egpj.exe\u2066",
    "a terminal's commands": "\x1b[2J\x07",
    "a script": "<script>document.title='hacked'</script>",
    "the end of CDATA": "]]><evil/>",
    "an attribute": "\" onmouseover='hacked()' x=\"",
    "backticks": "``` `x` ```",
    "a link": "[go](https://evil.example) ![i](https://evil.example/i.png) @everyone #1",
    "a table": "| a | b |",
    "two lines": "a\n## b",
    "no character": "\ufffe\U0001f600",
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """A repository that fails, passes and leaves open something of each kind."""
    return stranger("good-service", tmp_path_factory.mktemp("repo"))


@pytest.fixture(scope="module")
def told(repo):
    return report(repo)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Manifests whose files and containers are called what nobody should be called."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, name in enumerate(NAMES.values()):
        file = f"{number}{name}.yaml".replace("/", "∕")
        (folder / file).write_text(POD.replace("NAME", json.dumps(name)), encoding="utf-8")
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.yaml"))).write_text(POD.replace("NAME", "web"))
    return folder


def shown(folder, form, *command):
    return readiness(folder, *(command or ("check", ".")), "--format", form)[1]


def not_passed(told):
    return [one for one in told["results"] if one["verdict"] != "pass"]


def tokens(text):
    """Every token of Markdown as hosts of code render it, those inside lines included."""
    found = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    return [*found, *(inner for one in found for inner in one.children or ())]


def test_markdown_says_the_verdict_the_items_worst_first_and_what_to_do(repo, told):
    text = shown(repo, "markdown")
    assert text.startswith("## NOT READY for prod: 17 of 25 items pass")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and "item" not in line]
    worst = ["**fail**", "not evaluated", "waived", "pass"]
    order = [next(place for place, word in enumerate(worst) if word in row[2]) for row in rows]
    assert len(rows) == 25
    assert order == sorted(order)
    assert {row[0].strip("| "): row[3].strip("| `") for row in rows}["D4"] == "D4.progressive"
    for one in not_passed(told):
        assert f"**{one['control']}**" in text
        assert one["message"] in text
        assert one["remedy"] in text
    assert "`deploy/wine.yaml:15`" in text


def test_markdown_fits_into_a_comment_and_says_what_it_leaves_out(tmp_path):
    for number in range(3000):
        name = f"n{number:04}" + "x" * 40
        (tmp_path / f"{name}.yaml").write_text(POD.replace("NAME", "web").replace("name: web,", f"name: {name},"))
    (tmp_path / "more.yaml").write_text("---".join(POD.replace("NAME", "x" * 20_000) for _ in range(6)))
    text = shown(tmp_path, "markdown", "manifests", ".")
    assert len(text) < 65_536
    assert "more controls do not pass: `--format json` lists all" in text
    assert "more: `--format json` lists all" in text


def test_sarif_is_valid_and_leads_to_each_gap(repo, told):
    sarif = json.loads(shown(repo, "sarif"))
    Draft4Validator(SCHEMA).validate(sarif)
    assert sarif["$schema"] == SCHEMA["id"]
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(not_passed(told))
    for one, expected in zip(run["results"], not_passed(told), strict=True):
        failed = expected["verdict"] == "fail"
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"] == expected["control"]
        assert (one["kind"], one["level"]) == (("fail", LEVELS[expected["severity"]]) if failed else ("open", "none"))
        assert expected["message"] in one["message"]["text"]
        place = one["locations"][0]["physicalLocation"]
        assert (repo / place["artifactLocation"]["uri"]).exists()
        assert place.get("region", {}).get("startLine") == expected["line"]
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["fullDescription"]["text"]
    assert [rule["helpUri"] for rule in rules if rule["id"] == "D4.progressive"] == [
        "https://argo-rollouts.readthedocs.io/en/stable/features/canary/"
    ]


def test_junit_has_a_suite_for_each_item_and_a_case_for_each_control(repo, told, tmp_path):
    (tmp_path / "readiness.xml").write_text(shown(repo, "junit"), encoding="utf-8")
    read = JUnitXml.fromfile(str(tmp_path / "readiness.xml"))
    suites = list(read)
    assert [suite.name.split()[0] for suite in suites] == list(told["items"])
    for suite, item in zip(suites, told["items"].values(), strict=True):
        said = {case.name.partition(":")[0]: kind(case) for case in suite}
        assert said == {own["control"]: expected(own) for own in item["controls"]}
        counted = list(said.values())
        assert (suite.tests, suite.failures, suite.errors) == (len(counted), counted.count("Failure"), 0)
        assert suite.skipped == counted.count("Skipped")
    failure = next(case for suite in suites for case in suite if case.name.startswith("D4.progressive"))
    assert failure.result[0].message == "a Deployment replaces all copies, whatever callers then see"
    assert "deploy/wine.yaml:15" in failure.result[0].text
    assert "do: kind: Rollout" in failure.result[0].text


def kind(case):
    return type(case.result[0]).__name__ if case.result else "passed"


def expected(own):
    if own["verdict"] == "pass":
        return "passed"
    return "Failure" if own["verdict"] == "fail" and own["mandatory"] else "Skipped"


@pytest.mark.parametrize("form", ["markdown", "sarif", "junit"])
def test_resources_alone_make_every_form_but_the_page(tmp_path, form):
    (tmp_path / "web.yaml").write_text(POD.replace("NAME", "web"))
    code, out, _ = readiness(tmp_path, "manifests", "web.yaml", "--format", form)
    assert code == 1
    assert "S3.host-namespaces" in out
    assert "web.yaml" in out
    if form == "junit":
        suites = list(JUnitXml.fromstring(out))
        assert all(isinstance(suite, TestSuite) and suite.tests for suite in suites)


@pytest.mark.parametrize("command", ["manifests", "preview"])
def test_a_form_that_a_command_cannot_give_is_refused(tmp_path, command):
    code, _, errors = readiness(tmp_path, command, ".", "--format", "html")
    assert code == 2
    assert "'html' is not one of 'table', 'json', 'markdown', 'sarif', 'junit'" in errors


@pytest.mark.parametrize("form", ["table", "json", "markdown", "sarif", "junit", "html"])
def test_the_same_repository_gives_the_same_bytes(repo, form):
    assert readiness(repo, "check", ".", "--format", form) == readiness(repo, "check", ".", "--format", form)


@pytest.mark.parametrize("form", ["table", "json", "markdown", "sarif", "junit"])
def test_no_name_is_more_than_text(hostile, form):
    text = shown(hostile, form, "manifests", ".")
    assert "\x1b" not in text
    if form != "json":  # read by programs; it gives names as they are
        assert not set("\u202e\u2066\ufffe") & set(text)
        assert "\u05d0" in text
    if form in ("json", "sarif"):
        json.loads(text)


def test_hostile_names_stay_inside_the_code_spans_of_markdown(hostile):
    text = shown(hostile, "markdown", "manifests", ".")
    kinds = {one.type for one in tokens(text)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence"}
    assert "code_inline" in kinds
    plain = "".join(one.content for one in tokens(text) if one.type == "text")
    assert "@everyone" not in plain
    assert sum(one.tag == "h2" and one.nesting == 1 for one in tokens(text)) == 1


def test_hostile_names_leave_sarif_valid_and_lead_to_their_files(hostile):
    sarif = json.loads(shown(hostile, "sarif", "manifests", "."))
    Draft4Validator(SCHEMA).validate(sarif)
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif["runs"][0]["results"]}
    assert {unquote_to_bytes(uri) for uri in uris} - {b"."} == {os.fsencode(path.name) for path in hostile.iterdir()}
    assert not any("](" in one["message"]["text"] for one in sarif["runs"][0]["results"])


def test_hostile_names_are_text_of_junit(hostile):
    suites = list(JUnitXml.fromstring(shown(hostile, "junit", "manifests", ".")))
    words = "".join(f"{one.message}{one.text}" for suite in suites for case in suite for one in case.result)
    assert NAMES["a script"] in words
    assert NAMES["the end of CDATA"] in words


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_report_that_cannot_be_written_whole_leaves_the_old_one(repo, tmp_path, form):
    old = tmp_path / "report"
    old.write_text("old")
    code, _, errors = full_disk(repo, "check", ".", "--format", form, "--output", old)
    assert code == 2
    assert "--output" in errors
    assert "File too large" in errors
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_report_keeps_the_rights_of_the_file_and_goes_through_links_and_pipes(repo, tmp_path):
    own = tmp_path / "own.json"
    own.write_text("")
    own.chmod(0o640)
    (tmp_path / "link.json").symlink_to(own)
    only = ("--only", "D4", "--format", "json")
    readiness(repo, "check", ".", *only, "--output", tmp_path / "link.json")
    assert json.loads(own.read_text())["items"]
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_IMODE(own.stat().st_mode) == 0o640
    _, out, _ = readiness(repo, "check", ".", *only, "--output", "/dev/stdout")
    assert json.loads(out)["items"]


def test_a_part_is_never_called_ready(repo):
    code, out, _ = readiness(repo, "check", ".", "--kind", "repository", "--only", "D3,G3")
    assert code == 0
    assert "NOTHING BLOCKS in the part that was judged for prod: 2 of 2 items pass" in out
    told = report(repo, "--kind", "repository")
    assert {own["kind"] for item in told["items"].values() for own in item["controls"]} == {"repository"}
    assert told["ml_test_score"] is None
