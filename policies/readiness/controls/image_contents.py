"""What the shipped image holds and starts: no secret, a server made for production, a check of its health."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import images
from readiness.facts import Facts
from readiness.facts.dockerfiles import read
from readiness.facts.repository import File

SECRET = re.compile(r"(?i)(pass(word|wd)?|secret|token|api_?key|credential|private_?key)s?($|_)")
SECRET_FILE = re.compile(
    r"(?i)(^|/)(\.env(\.\w+)?|id_(rsa|ed25519|ecdsa)|[\w.-]+\.(pem|key|p12|pfx)|\.pypirc|\.netrc)$"
)


@control(
    id="S2.image-without-secrets",
    title="No secret is built into the image",
    why="every layer and every build argument can be read by whoever can pull the image",
    remedy="RUN --mount=type=secret,id=token …  while building; an environment variable or a file while running",
    severity="critical",
    kind="repository",
    sources=("CIS Docker Benchmark 4.10", "NIST SP 800-190 4.1"),
    subjects=images,
)
def without_secrets(file: File, facts: Facts) -> Iterator[Problem]:
    image = read(file)
    for name, value in image.arguments.items():
        if SECRET.search(name) and value:
            yield Problem(f"ARG {name} has a secret as its default")
    for stage in image.stages:
        for one in stage.of("ENV", "ARG"):
            for name, value in re.findall(r"(\w+)[= ]\s*(\"[^\"]*\"|\S+)", one.value):
                if SECRET.search(name) and not value.startswith(("$", "/", '"$', '""')):
                    yield Problem(f"{one.name} {name} puts a secret into the image's history", one.line)
        for one in stage.of("COPY", "ADD"):
            for word in one.words[:-1]:
                if SECRET_FILE.search(word):
                    yield Problem(f"{one.name} {word} puts a secret into the image", one.line)


@control(
    id="D3.image-healthcheck",
    title="The image says how its health is checked",
    why="outside Kubernetes, as with compose, nothing else notices a service that hangs",
    remedy='HEALTHCHECK --interval=10s --timeout=5s CMD ["python", "-m", "service", "health"]',
    severity="low",
    kind="repository",
    sources=("CIS Docker Benchmark 4.6",),
    subjects=images,
    mandatory=False,
)
def healthcheck(file: File, facts: Facts) -> Iterator[Problem]:
    check = read(file).last("HEALTHCHECK")
    if check is None or check.value.upper() == "NONE":
        yield Problem("there is no HEALTHCHECK", check.line if check else 0)


@control(
    id="D2.production-server",
    title="The image starts a server made for production",
    why="a development server handles few requests at once, restarts on edits, and may offer a debugger",
    remedy='CMD ["gunicorn", "--workers", "2", "app:app"]  (or uvicorn without --reload)',
    severity="high",
    kind="repository",
    sources=("https://flask.palletsprojects.com/en/stable/deploying/",),
    subjects=images,
)
def production_server(file: File, facts: Facts) -> Iterator[Problem]:
    start = read(file).start
    words = [word for one in start for word in one.words]
    if "--reload" in words or ("flask" in words and "run" in words[words.index("flask") :]):
        yield Problem(f"{' '.join(words)} starts a server for development", start[-1].line)
    files = {word.rpartition("/")[2] for word in words}
    for module in facts.code.serving:
        if module.source.name in files and "flask" in module.packages:
            for name, call in module.calls:
                if name in ("app.run", "application.run"):
                    own = f"{module.file} starts Flask's own server (line {call.lineno})"
                    yield Problem(f"{own}, which is made for development", start[-1].line)


CONTROLS = (without_secrets, healthcheck, production_server)
