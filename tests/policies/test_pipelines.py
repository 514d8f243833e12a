"""CI of three providers in one shape: what starts by itself, what it runs, and what hides a failure."""

import pytest

from readiness.facts.pipelines import pipelines
from readiness.facts.repository import Repository
from readiness.facts.shell import calls

GITHUB = ".github/workflows/ci.yml"
GITLAB = ".gitlab-ci.yml"


@pytest.fixture
def read(tmp_path):
    """The pipelines of a repository with these files."""

    def read(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return pipelines(Repository.at(tmp_path))

    return read


def workflow(step, on="push", job=""):
    return f"on: {on}\njobs:\n  check:\n{job}    steps:\n      - {step}\n"


def texts(found):
    return [call.text for call in found]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("pytest -q", ["pytest", "-q"]),
        ("FOO=1 BAR=2 pytest", ["pytest"]),
        ("python3.11 -m pytest tests", ["pytest", "tests"]),
        (".venv/bin/python -X dev -m pytest", ["pytest"]),
        ("uv run --frozen --extra dev pytest -x", ["pytest", "-x"]),
        ("poetry run pytest", ["pytest"]),
        ("sudo env A=1 timeout 30 pytest", ["pytest"]),
        ("if ! pytest; then", ["pytest"]),
        ("python tools/check.py --all", ["tools/check.py", "--all"]),
        ("uv sync --locked", ["uv", "sync", "--locked"]),
        ("'my tool' \"two words\"", ["my tool", "two words"]),
    ],
)
def test_a_call_is_the_program_that_does_the_work(script, words):
    assert list(next(calls(script, "x")).words) == words


def test_text_comments_and_assignments_are_no_calls():
    script = "# pytest\nA=pytest\necho 'pytest; pytest' # pytest\nX=$(pytest)\n"
    assert [call.program for call in calls(script, "x")] == ["echo"]


def test_calls_know_their_lines_also_after_continuations():
    found = list(calls("one \\\n  two\nthree && four\n", "x", 10))
    assert [(call.text, call.line) for call in found] == [("one two", 10), ("three", 12), ("four", 12)]


@pytest.mark.parametrize("script", ["pytest || true", "pytest || :", "pytest ||\n  exit 0", "pytest || echo failed"])
def test_a_failure_that_is_shrugged_off_is_ignored(script):
    assert next(calls(script, "x")).ignored


@pytest.mark.parametrize("script", ["pytest || exit 1", "pytest || { echo failed; exit 1; }", "pytest; true"])
def test_a_failure_that_is_reported_is_not(script):
    assert not next(calls(script, "x")).ignored


@pytest.mark.parametrize(
    "on", ["push", "[pull_request]", "{schedule: [{cron: '0 3 * * *'}]}", "{push: {branches: [main]}}"]
)
def test_what_a_push_or_a_clock_starts_runs_by_itself(read, on):
    assert texts(read({GITHUB: workflow("run: pytest", on)}).calls) == ["pytest"]


@pytest.mark.parametrize("on", ["workflow_dispatch", "{workflow_dispatch: {}}", "workflow_call"])
def test_what_a_person_starts_does_not(read, on):
    found = read({GITHUB: workflow("run: pytest", on)})
    assert not found.calls
    assert texts(found.all_calls) == ["pytest"]


def test_a_workflow_that_another_one_calls_runs_with_it(read):
    caller = "on: push\njobs:\n  all:\n    uses: ./.github/workflows/ci.yml\n"
    found = read({GITHUB: workflow("run: pytest", "workflow_call"), ".github/workflows/push.yml": caller})
    assert texts(found.calls) == ["pytest"]


@pytest.mark.parametrize("extra", ["    if: false\n", "    if: ${{ false }}\n"])
def test_a_job_that_is_switched_off_runs_nothing(read, extra):
    assert not read({GITHUB: workflow("run: pytest", job=extra)}).calls


@pytest.mark.parametrize(
    "text",
    [
        workflow("{run: pytest, continue-on-error: true}"),
        workflow("run: pytest", job="    continue-on-error: true\n"),
    ],
)
def test_github_may_go_on_after_an_error(read, text):
    assert all(call.ignored for call in read({GITHUB: text}).calls)


def test_actions_are_the_programs_they_run(read):
    found = read({GITHUB: workflow("{uses: aquasecurity/trivy-action@0123, with: {exit-code: 1}}")})
    assert found.calls[0].runs("trivy")
    assert found.calls[0].has("--exit-code")


def test_an_action_of_the_repository_itself_is_followed(read):
    action = "runs:\n  using: composite\n  steps:\n    - {run: pytest, shell: bash}\n"
    found = read({GITHUB: workflow("uses: ./.github/actions/test"), ".github/actions/test/action.yml": action})
    assert texts(found.calls) == ["pytest"]


def test_gitlab_jobs_inherit_and_hidden_ones_do_not_run(read):
    text = ".base:\n  before_script: [make setup]\ntest:\n  extends: .base\n  script:\n    - pytest\n"
    found = read({GITLAB: text, "Makefile": "setup:\n\tuv sync\n"})
    assert texts(found.calls) == ["make setup", "uv sync", "pytest"]
    assert found.calls[-1].line == 6


@pytest.mark.parametrize("extra", ["when: manual", "rules: [{when: never}]", "rules: [{if: $X, when: manual}]"])
def test_gitlab_jobs_that_a_person_starts_do_not_run_by_themselves(read, extra):
    assert not read({GITLAB: f"test:\n  {extra}\n  script: [pytest]\n"}).calls


@pytest.mark.parametrize("text", ["test: {allow_failure: true, script: [pytest]}", "test: {after_script: [pytest]}"])
def test_gitlab_may_ignore_a_failure(read, text):
    assert all(call.ignored for call in read({GITLAB: text}).calls)


def test_a_jenkinsfile_is_read_without_its_comments(read):
    text = "// sh 'one'\n/* sh 'two' */\nstage('Test') {\n  sh 'pytest'\n  sh '''\n    make lint\n  '''\n}\n"
    found = read({"Jenkinsfile": text, "Makefile": "lint:\n\truff check\n"})
    assert texts(found.calls) == ["pytest", "make lint", "ruff check"]
    assert [call.line for call in found.calls] == [4, 6, 2]


def test_what_comes_after_a_question_does_not_run_by_itself(read):
    ask = "stage('Ask') { input message: 'Go?', submitter: 'ops' }"
    text = f"stage('Test') {{ sh 'pytest' }}\n{ask}\nstage('Go') {{ sh 'helm upgrade x y' }}"
    found = read({"Jenkinsfile": text})
    assert texts(found.calls) == ["pytest"]
    assert [(job.gate, job.approvers) for job in found.jobs if job.name == "Go"] == [("input", "ops")]


def test_make_is_followed_through_what_targets_need(read):
    makefile = "RUN := uv run\nall: test ; \ntest: setup\n\t@$(RUN) pytest -n $(JOBS)\nsetup:\n\t-uv sync\n"
    found = read({GITHUB: workflow("run: make all"), "Makefile": makefile})
    assert texts(found.calls) == ["make all", "uv sync", "pytest -n _"]
    assert found.calls[1].ignored
    assert found.calls[2].via == ("make all",)


def test_make_without_a_goal_takes_the_first_and_with_a_folder_that_makefile(read):
    files = {"Makefile": "one:\n\tfirst\ntwo:\n\tsecond\n", "sub/Makefile": "two:\n\tthird\n"}
    assert texts(read({GITHUB: workflow("run: make && make -C sub two"), **files}).calls) == [
        "make",
        "first",
        "make -C sub two",
        "third",
    ]


def test_scripts_tox_nox_and_pre_commit_are_followed(read):
    hooks = "repos:\n  - repo: local\n    hooks:\n      - {id: secrets, entry: gitleaks detect, language: system}\n"
    found = read(
        {
            GITHUB: workflow("run: ./ci/all.sh"),
            "ci/all.sh": "#!/bin/sh\nset -e\ntox\nnox\npre-commit run --all-files\n",
            "tox.ini": "[testenv]\ncommands = pytest tests\n",
            "noxfile.py": "def tests(session):\n    session.run('mypy', '--strict')\n",
            ".pre-commit-config.yaml": hooks,
        }
    )
    assert {"pytest tests", "mypy --strict", "gitleaks detect"} <= set(texts(found.calls))


def test_circles_end(read):
    files = {"Makefile": "a: b\n\tmake b\nb: a\n\tmake a\n", "x.sh": "sh x.sh\n"}
    found = read({GITHUB: workflow("run: make a; sh x.sh"), **files})
    assert "make a" in texts(found.calls)
    assert not found.unread


def test_a_makefile_that_grows_without_end_is_said_to_be_unread(read):
    steps = "".join(f"a{n}:\n" + f"\tmake a{n + 1}\n" * 20 for n in range(10))
    found = read({GITHUB: workflow("run: make a0"), "Makefile": steps})
    assert "5000 programs" in found.unread[0].why


def test_variables_that_double_each_other_stay_small(read):
    makefile = "V0 = xxxxxxxxxx\n" + "".join(f"V{n + 1} = $(V{n})$(V{n})$(V{n})$(V{n})\n" for n in range(30))
    found = read({GITHUB: workflow("run: make a"), "Makefile": f"{makefile}a:\n\techo $(V30)\n"})
    assert len(found.calls[-1].text) < 200_000


@pytest.mark.parametrize(
    "text", ["${{" * 100_000, "/*" * 100_000, "'''" * 99_999, '"' * 99_999, "\\\n" * 50_000, "$(" * 99_999]
)
def test_hostile_text_is_read_in_linear_time(read, text):
    found = read({"Jenkinsfile": f"stage('A') {{ sh '{text}' }}", ".github/workflows/a.yml": workflow("run: ls")})
    assert texts(found.calls)[:1] == ["ls"]


def test_what_cannot_be_read_is_named(read):
    found = read({GITHUB: "on: push\njobs: [\n", "Jenkinsfile": "stage('A') { sh 'ls' }"})
    assert [one.file for one in found.unread] == [GITHUB]
    assert texts(found.calls) == ["ls"]
