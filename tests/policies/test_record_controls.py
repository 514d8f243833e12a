"""Records of decisions and licences: what counts as writing one, as sealing it, as checking them."""

import pytest
from judged import SERVICE, ci, refuses

AUDIT = {"app.py": SERVICE + "import audit\n\naudit.record(b'')\n"}


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("audit.record(row)", True),
        ("await audit.record(row)", True),
        ("log_prediction(row)", True),
        ("self._decisions.decision_log.publish(row)", True),
        ("background.add_task(log_prediction, row)", True),
        ("background.add_task(audit.record, row)", True),
        ("background.add_task('audit.record', log_prediction())", False),
        ("row = audit.record", False),
        ("logging.info(row)", False),
        ("auditor(row)", False),
    ],
)
def test_decisions_are_recorded_by_a_call_for_its_own_sake(line, recorded):
    files = {"app.py": f"{SERVICE}async def predict(row):\n    {line}\n"}
    assert refuses("S5.decisions-recorded", files=files) is not recorded


@pytest.mark.parametrize("name", ["sign", "hmac", "sha256", "sha512", "blake2b", "Ed25519PrivateKey"])
def test_seals(name):
    assert not refuses("S5.record-sealed", files={**AUDIT, "audit.py": f"{name}(b'')"})


@pytest.mark.parametrize(
    "word", ["object_lock", "objectLock", "ObjectLock", "immutable_storage", "retention_policy", "qldb", "immudb"]
)
@pytest.mark.parametrize(("name", "read"), [("a.tf", True), ("store.py", True), ("a.yaml", True), ("a.txt", False)])
def test_a_store_may_keep_records_from_change(word, name, read):
    assert refuses("S5.record-sealed", files={**AUDIT, "audit.py": "", name: f"# {word}"}) is not read


def test_a_seal_on_something_else_is_none_of_the_record():
    caller = f"{SERVICE}from trail import audit\n\naudit.record(hashlib.sha256(b''))\n"
    assert refuses("S5.record-sealed", files={"app.py": caller, "trail/audit.py": ""})
    assert not refuses("S5.record-sealed", files={"app.py": f"{SERVICE}log_prediction(hashlib.sha256(b''))\n"})


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [("LICENSE", "x" * 20, True), ("LICENSE", "x" * 19, False), ("vendor/LICENSE", "x" * 20, False)],
)
def test_licences(name, text, licence):
    assert refuses("S5.licence", files={"app.py": SERVICE, name: text}) is not licence


@pytest.mark.parametrize(
    ("command", "checks"),
    [
        *((tool, True) for tool in ("pip-licenses", "liccheck", "licensecheck", "reuse", "fossa", "scancode")),
        ("trivy fs --scanners license .", True),
        ("trivy fs --scanners vuln .", False),
        ("cat license", False),
    ],
)
def test_checks_of_licences(command, checks):
    assert refuses("S5.licences-of-dependencies", files={"app.py": SERVICE, **ci(command)}) is not checks


def test_the_template_of_gitlab_checks_licences():
    template = '{"include": {"template": "Jobs/License-Scanning.gitlab-ci.yml"}}'
    assert not refuses("S5.licences-of-dependencies", files={"app.py": SERVICE, ".gitlab-ci.yml": template})
