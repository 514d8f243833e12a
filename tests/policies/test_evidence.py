"""Evidence end to end: written by the command, counted by the gate, and found out when edited, removed or borrowed."""

import base64
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from needs import need

POLICIES = Path(__file__).parents[2] / "policies"
DRILL = ("add", "rollback-drill", "--environment", "prod", "--tool", "kubectl", "--result", "pass")
VALUES = ("--value", "seconds=40", "--value", "objective_seconds=300")


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder):
    folder.mkdir()
    (folder / "README.md").write_text(f"The service {folder.name}.")
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Start")
    return folder


@pytest.fixture
def repo(tmp_path):
    return repository(tmp_path / "repo")


@pytest.fixture
def evidence(repo):
    """Runs `readiness evidence …` in the repository."""
    return lambda *arguments: run(repo, "evidence", *arguments)


def run(folder, *arguments):
    command = [sys.executable, "-m", "readiness", *map(str, arguments)]
    known = {**os.environ, "PYTHONPATH": str(POLICIES)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=known)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def records(repo):
    return sorted((repo / "evidence").glob("*.json"))


def verdict(repo, control="D5.rollback-drill"):
    _, out = run(repo, "check", "--only", control, "--format", "json")
    return [one["verdict"] for one in json.loads(out)["results"]]


@pytest.fixture
def two(repo, evidence):
    """A repository with two records, in order of time."""
    evidence(*DRILL, *VALUES, "--time", "2026-01-01T10:00:00+00:00")
    evidence(*DRILL, *VALUES)
    return repo


def test_a_drill_that_was_written_down_is_counted(repo, evidence):
    assert verdict(repo) == ["not-evaluated"]
    code, out = evidence(*DRILL, *VALUES)
    assert code == 0, out
    assert verdict(repo) == ["pass"]
    told = json.loads(records(repo)[0].read_text())
    assert told["commit"] == git(repo, "rev-parse", "HEAD")
    assert told["values"] == {"seconds": 40, "objective_seconds": 300}


def test_a_drill_that_was_too_slow_fails(repo, evidence):
    evidence(*DRILL, "--value", "seconds=400", "--value", "objective_seconds=300")
    assert verdict(repo) == ["fail"]


def test_a_drill_elsewhere_does_not_count_here(repo, evidence):
    evidence(*("staging" if one == "prod" else one for one in DRILL), *VALUES)
    assert verdict(repo) == ["not-evaluated"]


def test_all_is_well_until_somebody_edits(two, evidence):
    assert evidence("verify")[0] == 0


def test_an_edited_record_is_found_out(two, evidence):
    newest = records(two)[-1]
    newest.write_text(newest.read_text().replace('"seconds": 40', '"seconds": 4'))
    code, out = evidence("verify")
    assert code == 1
    assert f"{newest.name}: it was changed after it was written" in out
    assert verdict(two) == ["fail"]


def test_an_edited_record_with_a_new_digest_breaks_the_chain(two, evidence):
    from readiness.facts.record import digest

    oldest = records(two)[0]
    told = json.loads(oldest.read_text())
    told["result"] = "fail"
    told["digest"] = digest(told)
    oldest.write_text(json.dumps(told))
    code, out = evidence("verify")
    assert code == 1
    assert f"{records(two)[1].name}: the record before it was changed or taken out" in out


def test_a_record_taken_out_is_found_out(two, evidence):
    records(two)[0].unlink()
    assert evidence("verify")[0] == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_record_of_another_repository_is_found_out(repo, tmp_path, packed):
    other = repository(tmp_path / "other")
    run(other, "evidence", *DRILL, *VALUES)
    shutil.copytree(other / "evidence", repo / "evidence")
    if packed:
        git(repo, "gc", "-q")
    code, out = run(repo, "evidence", "verify")
    assert code == 1
    assert "is none of this repository" in out


def test_a_commit_in_a_pack_is_known(repo, evidence):
    git(repo, "gc", "-q")
    evidence(*DRILL, *VALUES)
    assert evidence("verify")[0] == 0


def test_in_a_shallow_clone_a_commit_is_not_held_against_a_record(repo, evidence, tmp_path):
    evidence(*DRILL, *VALUES)
    (repo / "README.md").write_text("Another line.")
    git(repo, "add", "--all")
    git(repo, "commit", "-q", "-m", "More")
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), "clone")
    assert run(tmp_path / "clone", "evidence", "verify")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (DRILL, "--value seconds=…"),
        ((*DRILL, "--value", "seconds"), "write NAME=VALUE"),
        ((*DRILL, *VALUES, "--time", "yesterday"), "--time yesterday"),
        ((*DRILL, *VALUES, "--time", "2999-01-01T00:00:00+00:00"), "that has passed"),
        ((*DRILL, *VALUES, "--signer", "a@example.com"), "go together"),
        ((*DRILL, *VALUES, "--sign", "nowhere.pem", "--signer", "a@example.com"), "nowhere.pem"),
        (("add", "dance"), "dance"),
        (("verify",), "holds no evidence"),
    ],
)
def test_what_cannot_be_written_down_says_why(evidence, repo, arguments, said):
    code, out = evidence(*arguments)
    assert code == 2
    assert said in out
    assert not records(repo)


def test_records_are_kept_in_order(two, evidence):
    code, out = evidence(*DRILL, *VALUES, "--time", "2025-01-01T10:00:00+00:00")
    assert code == 2
    assert "kept in order" in out


@pytest.mark.parametrize("content", ["", "{", "[]", '{"kind": "rollback-drill"}', '{"schema": 2}'])
def test_a_file_that_is_no_record_is_named_and_stops_nothing(two, evidence, content):
    (two / "evidence" / "notes.json").write_text(content)
    code, out = evidence("verify")
    assert code == 1
    assert "evidence/notes.json" in out
    assert verdict(two) == ["pass"]
    assert "fail" in verdict(two, "S5.evidence-sound")


def test_evidence_is_listed_with_its_age_and_trust(two, evidence):
    _, out = evidence("list")
    assert "rollback-drill" in out
    assert "0 days" in out
    assert out.count("unsigned") == 2


@pytest.fixture
def key(tmp_path):
    """A private key, and its public half in base64."""
    need(find_spec("cryptography"), "install cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private = Ed25519PrivateKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file, base64.b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def signed(repo, evidence, key, trusted):
    (repo / "approvers.toml").write_text(f'[approvers]\n"a@example.com" = "{trusted}"\n')
    return evidence(*DRILL, *VALUES, "--sign", key, "--signer", "a@example.com")


def test_a_signature_says_who_stands_for_a_record(repo, evidence, key):
    code, out = signed(repo, evidence, *key)
    assert code == 0, out
    assert "signed by a@example.com" in evidence("list")[1]
    assert evidence("verify")[0] == 0


def test_a_signature_by_another_key_does_not_count(repo, evidence, key):
    file, public = key
    signed(repo, evidence, file, public[::-1].replace("=", "A")[:43] + "=")
    code, out = evidence("verify")
    assert code == 1
    assert "its signature is not that of a@example.com" in out


def test_a_signer_whom_nobody_named_does_not_count(repo, evidence, key):
    evidence(*DRILL, *VALUES, "--sign", key[0], "--signer", "b@example.com")
    code, out = evidence("verify")
    assert code == 1
    assert "b@example.com is in neither approvers.toml nor evidence/signers.toml" in out
