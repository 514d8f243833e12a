"""What a service is made of: locks, installs from them, updates, scans."""

import json

import pytest
from judged import ci, problems, refuses

HASHED = {"requirements.txt": "web==1 --hash=sha256:00", "web.lock": ""}
UPDATED = ("pip", "uv", "poetry", "pipenv", "conda")


@pytest.mark.parametrize(
    ("files", "locked"),
    [
        *(({name: ""}, True) for name in ("uv.lock", "poetry.lock", "Pipfile.lock")),
        ({"requirements.txt": "Web>=1"}, False),
        ({"requirements.txt": "2captcha>=1"}, False),
        ({"requirements.in": "web==1"}, False),
        ({"requirements.txt": "# nothing\n--no-index\n"}, True),
        ({"requirements.txt": "web==1 --hash=sha256:00", "requirements-dev.txt": "web>=1"}, True),
        ({"requirements/a.txt": "-r b.txt", "requirements/b.txt": "web>=1"}, False),
    ],
)
def test_locks(files, locked):
    assert refuses("S4.dependencies-locked", files={"app.py": "", **files}) is not locked


def test_each_file_of_requirements_is_looked_at():
    files = {"requirements/a.txt": "a==1 --hash=sha256:00\nb==1", "requirements/b.txt": "c>=1", "app.py": ""}
    assert [one.partition(" ")[0] for one in problems("S4.dependencies-locked", files=files)] == [
        "requirements/a.txt:2",
        "requirements/b.txt:1",
    ]


@pytest.mark.parametrize(
    ("command", "locked"),
    [
        *((f"uv {words}", True) for words in ("sync --locked", "sync --frozen", "pip install --require-hashes web")),
        *((f"uv {words}", False) for words in ("sync", "pip install web")),
        ("uv run web install", True),
        ("uv version", True),
        *((f"{pip} install --require-hashes web", True) for pip in ("pip", "pip3")),
        *((f"{pip} install web", False) for pip in ("pip", "pip3", "conda", "mamba", "pipenv", "pdm")),
        ("pipenv install --deploy", True),
        ("pipenv sync", True),
        ("pdm install --frozen-lockfile", True),
        ("pdm sync", True),
        ("poetry install", True),
        ("conda a b c d install", False),
        ("conda a b c d e install", True),
        ("pip download web", True),
        *((f"pip install {upgrade} pip setuptools wheel uv==1", True) for upgrade in ("--upgrade", "-U")),
        ("pip install --upgrade pip web", False),
        ("pip install web --upgrade pip", False),
        ("pip install pip", False),
        ("pip install -r requirements.txt", True),
        ("pip install -r app/requirements.txt", True),
        ("pip install -r other.txt", False),
        ("pip install -r requirements.txt -r other.txt", False),
        ("pip install -r web.lock", False),
        ("pip install -r requirements.txt -r web.lock", False),
        ("pip install ./web.whl --no-deps", True),
        ("/opt/venv/bin/pip install --no-deps web", False),
        *(
            (f"pip install {alone} {wheel}", True)
            for alone in ("--no-deps", "--no-index")
            for wheel in ("/a", "./a", ".")
        ),
        ("pip install --no-deps web", False),
        ("pip install .", False),
    ],
)
def test_installs(command, locked):
    files = {**HASHED, "Dockerfile": f"FROM web\nRUN {command}"}
    assert refuses("S4.locks-installed", files=files) is not locked


@pytest.mark.parametrize("flag", ["--mount=type=cache,target=/root/.cache", "--network=host", "--security=insecure"])
def test_flags_of_a_step_are_not_its_command(flag):
    assert refuses("S4.locks-installed", files={"Dockerfile": f"FROM web\nRUN {flag} pip install web"})


@pytest.mark.parametrize(
    ("name", "text", "updated"),
    [
        ("renovate.json", '{"extends": []}', True),
        ("renovate.json", '{"enabled": true}', True),
        ("renovate.json", "[]", True),
        ("renovate.json", '{"enabled": false}', False),
        ("renovate.json5", "{enabled: false} // not now", False),
        ("renovate.json5", "{enabled: true} // now", True),
        *((".github/dependabot.yml", json.dumps({"updates": [{"package-ecosystem": one}]}), True) for one in UPDATED),
        (".github/dependabot.yml", '{"updates": [{"package-ecosystem": "npm"}]}', False),
        (
            ".github/dependabot.yml",
            '{"updates": [{"package-ecosystem": "pip", "open-pull-requests-limit": 0}]}',
            False,
        ),
    ],
)
def test_updates(name, text, updated):
    assert refuses("S4.updates-automated", files={"app.py": "", name: text}) is not updated


@pytest.mark.parametrize(
    ("file", "ecosystem"), [("Dockerfile", "docker"), (".github/workflows/a.yml", "github-actions")]
)
def test_updates_of_what_is_not_python(file, ecosystem):
    updates = {"updates": [{"package-ecosystem": name} for name in ("pip", ecosystem)]}
    assert not refuses("S4.updates-automated", files={".github/dependabot.yml": json.dumps(updates), file: ""})
    updates = {"updates": [{"package-ecosystem": "pip"}]}
    assert refuses("S4.updates-automated", files={".github/dependabot.yml": json.dumps(updates), file: ""})


def test_all_that_is_not_updated_is_named():
    dependabot = ".github/dependabot.yml"
    files = {dependabot: "updates: []", "Dockerfile": "", ".github/workflows/a.yml": "", "app.py": ""}
    assert problems("S4.updates-automated", files=files) == [
        f"{dependabot}:0 Dependabot does not look at docker",
        f"{dependabot}:0 Dependabot does not look at github-actions",
        f"{dependabot}:0 Dependabot does not look at Python packages",
    ]


@pytest.mark.parametrize(
    ("command", "scans"),
    [
        *((tool, True) for tool in ("pip-audit", "python -m pip_audit", "safety", "osv-scanner", "snyk", "gemnasium")),
        *((tool, True) for tool in ("dependency-review", "govulncheck", "docker run --rm aquasec/trivy --exit-code 1")),
        ("trivy fs . --exit-code=1", True),
        *((f"trivy fs .{stop}", False) for stop in ("", " --exit-code=0", " --exit-code 0")),
        *((f"grype web {stop} high", True) for stop in ("--fail-on", "-f", "--fail-build", "--severity-cutoff")),
        ("grype web", False),
        *((f"docker scout cves {stop} web", True) for stop in ("--exit-code", "--exit-on", "-e")),
        ("docker scout cves web", False),
        ("docker build --exit-code web", False),
    ],
)
def test_scans_for_vulnerabilities(command, scans):
    assert refuses("S4.vulnerabilities-scanned", files=ci(command)) is not scans


@pytest.mark.parametrize(
    ("command", "lenient"),
    [
        *((f"{command} web", True) for command in ("trivy fs", "grype", "docker scout cves")),
        *((f"{command} web", False) for command in ("docker build", "list cves")),
    ],
)
def test_scans_that_only_report_are_told_from_none(command, lenient):
    (said,) = problems("S4.vulnerabilities-scanned", files=ci(command))
    assert said.endswith("only reports: it does not fail, whatever it finds") is lenient
