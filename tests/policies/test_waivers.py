"""Waivers end to end: written by the command, shown in every report, and worth nothing once they are not sound."""

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from commands import full_disk, readiness, report, stranger

FILE = "readiness-waivers.yaml"
ONLY = ("--only", "D4,S5.waivers-sound")
WHY = "Argo Rollouts comes with the cluster's update"


def day(ahead):
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


def waive(repo, control, *more, until=30, reason=WHY, owner="ada@example.org"):
    return readiness(repo, "waive", control, "--reason", reason, "--until", day(until), "--owner", owner, *more)


@pytest.fixture
def repo(tmp_path):
    """A good service; what keeps it from production is D4.progressive and D5.automatic, and evidence of drills."""
    return stranger("good-service", tmp_path)


def results(told, control):
    return [one for one in told["results"] if one["control"] == control]


def blocking(told):
    mandatory = {own["control"] for item in told["items"].values() for own in item["controls"] if own["mandatory"]}
    return {
        one["control"]
        for one in told["results"]
        if one["control"] in mandatory and one["verdict"] in ("fail", "not-evaluated")
    }


def test_a_waived_gap_is_waived_and_does_not_pass(repo):
    before = report(repo)
    code, said, _ = waive(repo, "d4.progressive")
    assert (code, said.strip()) == (
        0,
        f"{FILE}: D4.progressive is waived until {day(30)}; have it reviewed and commit it",
    )
    after = report(repo)
    assert before["items"]["D4"]["verdict"] == "fail"
    assert after["items"]["D4"]["verdict"] == "waived"
    assert after["score"] == before["score"]
    entry = {
        "control": "D4.progressive",
        "resource": None,
        "owner": "ada@example.org",
        "until": day(30),
        "reason": WHY,
        "file": FILE,
        "line": 4,
    }
    assert after["waived"] == [entry]
    (one,) = results(after, "D4.progressive")
    assert (one["verdict"], one["waived_verdict"], one["waiver"]) == ("waived", "fail", entry)


def test_ready_with_waivers_ends_with_zero_and_says_how_many(repo):
    gaps = blocking(report(repo))
    for control in sorted(gaps):
        assert waive(repo, control)[0] == 0
    code, out, _ = readiness(repo, "check", ".")
    assert code == 0
    assert f"READY, with {len(gaps)} waivers, for prod: 17 of 25 items pass" in out
    assert f"waived until {day(30)} by ada@example.org: {WHY}" in out
    assert not blocking(report(repo))


def test_what_could_not_be_judged_is_waived_as_such(repo):
    waive(repo, "R2.restore-drill")
    told = report(repo, "--only", "R2")
    (one,) = results(told, "R2.restore-drill")
    assert (one["verdict"], one["waived_verdict"]) == ("waived", "not-evaluated")
    assert told["items"]["R2"]["verdict"] == "waived"


def test_a_waiver_of_one_resource_leaves_the_others(repo):
    text = (repo / "deploy" / "wine.yaml").read_text()
    (repo / "deploy" / "beer.yaml").write_text(text.replace("wine", "beer"))
    waive(repo, "D4.progressive", "--resource", "Deployment/wine/wine")
    said = {one["resource"]: one["verdict"] for one in results(report(repo, *ONLY), "D4.progressive")}
    assert said == {"Deployment/wine/wine": "waived", "Deployment/beer/beer": "fail"}


def test_a_waiver_that_nothing_needs_is_noted_and_blocks_nothing(repo):
    waive(repo, "D3.readiness-probe")
    waive(repo, "D4.progressive", "--resource", "Deployment/wine/gone")
    told = report(repo, *ONLY, "--only", "D3")
    unneeded = "this waiver is not needed, as"
    assert not told["waived"]
    assert told["items"]["S5"]["verdict"] == "pass"
    assert [note for note in told["notes"] if FILE in note] == [
        f"{FILE}:4: {unneeded} D3.readiness-probe passes; delete it",
        f"{FILE}:8: {unneeded} D4.progressive found nothing of Deployment/wine/gone to say; delete it",
    ]


def test_the_file_is_sorted_and_an_entry_is_renewed_in_its_place(repo):
    waive(repo, "R2.restore-drill", until=5)
    waive(repo, "D4.progressive", until=5)
    first = (repo / FILE).read_bytes()
    waive(repo, "R2.restore-drill", until=5)
    assert (repo / FILE).read_bytes() == first
    waive(repo, "D4.progressive", until=60)
    text = (repo / FILE).read_text()
    assert text.startswith("# Gaps that somebody answers for until a date")
    assert text[text.index("waivers:") :] == dedent(
        f"""\
        waivers:
        - control: D4.progressive
          owner: ada@example.org
          until: {day(60)}
          reason: {WHY}
        - control: R2.restore-drill
          owner: ada@example.org
          until: {day(5)}
          reason: {WHY}
        """
    )


@pytest.mark.parametrize(
    ("control", "options", "said"),
    [
        ("D4", {}, "no control is called D4"),
        ("D4.*", {}, "no control is called D4.*"),
        ("S5.evidence-sound", {}, "S5.evidence-sound cannot be waived"),
        ("S5.waivers-sound", {}, "S5.waivers-sound cannot be waived"),
        ("D4.progressive", {"until": 91}, "more than 90 days ahead"),
        ("D4.progressive", {"until": -1}, "expired"),
        ("D4.progressive", {"reason": "  "}, "--reason is empty"),
        ("D4.progressive", {"owner": ""}, "--owner is empty"),
    ],
)
def test_a_waiver_that_would_not_count_is_not_written(repo, control, options, said):
    code, _, errors = waive(repo, control, **options)
    assert code == 2
    assert said in errors
    assert not (repo / FILE).exists()


def test_the_last_day_counts_and_so_does_the_ninetieth(repo):
    for ahead in (0, 90):
        assert waive(repo, "D4.progressive", until=ahead)[0] == 0
        assert report(repo, *ONLY)["items"]["D4"]["verdict"] == "waived"


UNSOUND = {
    "expired": ("until: TODAY+30", "until: TODAY-1", "it expired on"),
    "too far ahead": ("until: TODAY+30", "until: TODAY+91", "is more than 90 days ahead"),
    "no date": ("until: TODAY+30", "until: next week", "and no date such as"),
    "without an end": ("  until: TODAY+30\n", "", "it has no until"),
    "ownerless": ("  owner: ada\n", "", "it has no owner"),
    "reasonless": ("reason: Later", "reason: ''", "it has no reason"),
    "a whole item": ("control: D4.progressive", "control: D4", "D4 is broader than one control"),
    "a wildcard": ("control: D4.progressive", "control: 'D4.*'", "D4.* is broader than one control"),
    "everything": ("control: D4.progressive", "control: '*'", "* is broader than one control"),
    "any resource of a pattern": ("  owner", "  resource: Deployment/*\n  owner", "Deployment/* is no resource"),
    "an empty resource": ("  owner", "  resource: ''\n  owner", "resource is empty"),
    "an unknown control": ("control: D4.progressive", "control: D4.progresive", "did you mean D4.progressive?"),
    "a control that may not": ("control: D4.progressive", "control: S5.waivers-sound", "cannot be waived"),
    "an unknown key": ("reason:", "force: yes please\n  reason:", "the key force is none of"),
    "no text": ("owner: ada", "owner: 5", "owner is no text"),
    "no mapping": ("- control", "- D4.progressive\n- control", "an entry is no mapping of"),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_a_waiver_that_is_not_sound_fails_and_waives_nothing(repo, case):
    old, new, said = UNSOUND[case]
    text = "waivers:\n- control: D4.progressive\n  owner: ada\n  until: TODAY+30\n  reason: Later\n"
    assert old in text
    text = text.replace(old, new)
    for ahead in (91, 30, -1):
        text = text.replace(f"TODAY{ahead:+}", day(ahead))
    (repo / FILE).write_text(text)
    told = report(repo, *ONLY)
    (wrong,) = [one for one in results(told, "S5.waivers-sound") if one["verdict"] == "fail"]
    assert said in wrong["message"]
    assert (wrong["file"], wrong["line"]) == (FILE, 1 if case == "no mapping" else 2)
    assert told["items"]["S5"]["verdict"] == "fail"
    if case != "no mapping":  # there the second entry is sound
        assert told["items"]["D4"]["verdict"] == "fail"


@pytest.mark.parametrize(
    "text", ["waivers: [", "- control: D4.progressive", "waivers: {}", "waivers: []\nmore: 1", "waivers: []\n---\n{}"]
)
def test_a_file_that_is_no_list_of_waivers_fails_and_is_not_overwritten(repo, text):
    (repo / FILE).write_text(text)
    (wrong,) = results(report(repo, *ONLY), "S5.waivers-sound")
    assert (wrong["verdict"], wrong["file"]) == ("fail", FILE)
    code, _, errors = waive(repo, "D4.progressive")
    assert (code, (repo / FILE).read_text()) == (2, text)
    assert f"{FILE}:1: " in errors


def test_the_same_gap_waived_twice_counts_not_at_all(repo):
    waive(repo, "D4.progressive")
    body = (repo / FILE).read_text()
    (repo / FILE).write_text(body + body.partition("waivers:\n")[2])
    told = report(repo, *ONLY)
    assert [one["line"] for one in results(told, "S5.waivers-sound")] == [4, 8]
    assert told["items"]["D4"]["verdict"] == "fail"


def test_the_words_of_a_waiver_meet_no_other_demand(tmp_path):
    repo = stranger("flask-pickle", tmp_path)
    before = {one["control"]: one["verdict"] for one in report(repo)["results"]}
    waive(
        repo, "D1.image-exact", reason="alert: x, expr: y; object_lock; prometheus.io/scrape; team: z, objective: 99.9"
    )
    after = {one["control"]: one["verdict"] for one in report(repo)["results"]}
    assert after.pop("S5.waivers-sound") == "pass"
    assert after == before


@pytest.mark.parametrize("form", ["table", "markdown", "sarif", "junit", "html", "json"])
def test_every_report_shows_who_answers_until_when_and_why(repo, form):
    waive(repo, "D4.progressive", reason="The update comes in March")
    _, out, _ = readiness(repo, "check", ".", "--format", form, *ONLY)
    for word in ("The update comes in March", "ada@example.org", day(30)):
        assert word in out


def test_a_waiver_that_ran_out_is_worse_than_the_baseline(repo):
    waive(repo, "D4.progressive", until=0)
    readiness(repo, "check", ".", "--format", "json", "--output", "../before.json", *ONLY)
    assert readiness(repo, "check", ".", "--baseline", "../before.json", *ONLY)[0] == 0
    (repo / FILE).write_text((repo / FILE).read_text().replace(day(0), day(-1)))
    code, out, _ = readiness(repo, "check", ".", "--baseline", "../before.json", *ONLY)
    assert code == 1
    assert "D4.progressive of Deployment/wine/wine" in out


def test_a_writer_that_fails_leaves_the_file_as_it_was(repo):
    """The disk is full after the first block: what is read afterwards is the old file, and nothing lies beside it."""
    waive(repo, "D4.progressive")
    before, names = (repo / FILE).read_bytes(), sorted(path.name for path in repo.iterdir())
    code, _, errors = full_disk(
        repo, "waive", "R2.restore-drill", "--reason", "x" * 4000, "--until", day(1), "--owner", "a"
    )
    assert code == 2
    assert f"{FILE}: File too large" in errors
    assert (repo / FILE).read_bytes() == before
    assert sorted(path.name for path in repo.iterdir()) == names
    assert report(repo, *ONLY)["waived"]
