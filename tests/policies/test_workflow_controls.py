"""Workflows of GitHub: which actions are fixed, which rights are few, and whose text and commits are run."""

import pytest
from judged import refuses, repository

from readiness.controls import named
from readiness.facts import Facts

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def wrong(id, *lines):
    """What is wrong with a workflow, with the lines."""
    facts = Facts(repository({".github/workflows/ci.yml": "\n".join(lines)}))
    return [(one.line, one.message) for one in named(id).findings(facts) if one.verdict.name != "PASS"]


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ("./here", None),
        ("docker://debian:12", None),
        (f"others/action@{COMMIT}", None),
        (f"others/action@{COMMIT} # v1", None),
        (f'"others/action@{COMMIT}"', None),
        (f"'others/action@{COMMIT}'", None),
        (f"others/action@a{COMMIT}", f"others/action follows the branch a{COMMIT}"),
        ("actions/checkout@v4", None),
        ("actions/checkout@4.1", None),
        ("github/codeql-action/init@v3", None),
        ("actions/checkout@main", "actions/checkout follows the branch main"),
        ("others/action@v1", "others/action follows the tag v1"),
        ("others/action@1", "others/action follows the tag 1"),
        ("others/actions/@v1", "others/actions/ follows the tag v1"),
        ("others/action", "others/action follows no version at all of"),
    ],
)
def test_actions(uses, said):
    for lead in ("    uses: ", "  - uses: ", "  -   uses:   ", "- uses: "):
        found = [one for one in wrong("S4.actions-fixed", "steps:", f"{lead}{uses}") if one[0]]
        assert found == ([(2, said)] if said else [])


ALL = "permissions: write-all gives every job every right"
OWN = "job check has every right"
UNTOLD = "job check does not say what its token may do"


@pytest.mark.parametrize(
    ("top", "own", "said"),
    [
        ("{contents: read}", None, []),
        (None, "{contents: read}", []),
        ("{}", None, []),
        (None, "{}", []),
        ("write-all", "{}", [(1, ALL)]),
        ("write-all", None, [(1, ALL)]),
        ("{}", "write-all", [(5, OWN)]),
        (None, "write-all", [(5, OWN)]),
        (None, None, [(5, UNTOLD)]),
    ],
)
def test_rights(top, own, said):
    lines = ["on: push", f"permissions: {top}" if top else "name: ci", "jobs:", "  check:", "    runs-on: x"]
    lines += [f"    permissions: {own}"] if own else []
    assert wrong("S1.ci-few-rights", *lines) == said


EVENT = "github.event."
TEXTS = [f"{EVENT}{one}.{part}" for one in ("issue", "pull_request", "comment", "review") for part in ("title", "body")]
TEXTS += [
    f"{EVENT}discussion.body",
    f"{EVENT}pull_request.head.ref",
    f"{EVENT}pull_request.head.label",
    "github.head_ref",
]


@pytest.mark.parametrize("text", [*TEXTS, f"{EVENT}number", f"{EVENT}pull_request.head.sha", "env.title"])
def test_texts_in_a_shell(text):
    for expression in (f"${{{{ {text} }}}}", f"${{{{toJSON({text})}}}}"):
        lines = (
            "on: push",
            "jobs:",
            "  check:",
            "    steps:",
            "      - run: true",
            f"      - run: echo '{expression}'",
        )
        found = wrong("S1.ci-no-strangers", *lines)
        pasted = expression[: expression.index(text) + len(text)]
        assert found == ([(6, f"job check pastes {pasted}…}}}} into a shell")] if text in TEXTS else [])


@pytest.mark.parametrize(
    ("event", "uses", "beside", "strange"),
    [
        (
            "pull_request_target",
            "actions/checkout@v4",
            "with: {ref: '${{ github.event.pull_request.head.sha }}'}",
            True,
        ),
        ("workflow_run", "actions/checkout@v4", "with: {ref: '${{ github.event.workflow_run.head_sha }}'}", True),
        ("pull_request", "actions/checkout@v4", "with: {ref: '${{ github.event.pull_request.head.sha }}'}", False),
        ("pull_request_target", "others/action@v4", "with: {ref: '${{ github.event.pull_request.head.sha }}'}", False),
        ("pull_request_target", "actions/checkout@v4", "with: {path: head}", False),
        ("pull_request_target", "actions/checkout@v4", "with: {ref: main}", False),
        ("pull_request_target", "actions/checkout@v4", "name: head", False),
    ],
)
def test_commits_of_strangers(event, uses, beside, strange):
    lines = (f"on: {event}", "jobs:", "  check:", "    steps:", f"      - uses: {uses}", f"        {beside}")
    message = "job check checks out a stranger's commit with the repository's rights"
    assert wrong("S1.ci-no-strangers", *lines) == ([(5, message)] if strange else [])


def test_other_files_are_no_workflows():
    files = {".github/workflows/ci.yml": "on: push\njobs: {}\n", "ci.yml": "uses: others/action@v1\n"}
    assert not refuses("S4.actions-fixed", files=files)
