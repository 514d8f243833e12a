"""Images: what a Dockerfile may hold and start, and what counts as building it."""

import pytest
from judged import ci, refuses, repository

from readiness.controls import named
from readiness.facts import Facts

BASE = "FROM debian:12.4\n"
FLASK = "from flask import Flask\n\n{0} = Flask(__name__)\n{0}.run()\n"


def wrong(id, *lines, **files):
    """What is wrong with a Dockerfile, with the lines."""
    facts = Facts(repository({"Dockerfile": "\n".join(lines), **files}))
    return [(one.line, one.message) for one in named(id).findings(facts) if one.verdict.name == "FAIL"]


@pytest.mark.parametrize(
    ("base", "floating"),
    [
        ("debian:12.4", False),
        ("debian:v12.4", False),
        ("debian:12", True),
        ("registry:5.0/team/debian", True),
        ("registry.example.com/debian@sha256:0", False),
        ("registry.example.com/team/python:3.11.15", False),
        *((f"team/{name}:3.11", True) for name in ("python", "node", "golang", "pytorch", "tensorflow", "cuda")),
        ("my-python:3.11", False),
    ],
)
def test_bases(base, floating):
    assert bool(wrong("D1.image-base-pinned", f"FROM {base}")) is floating


@pytest.mark.parametrize(
    ("user", "root"),
    [
        ("10001", False),
        ("web:root", False),
        ("rooty", False),
        ("0", True),
        ("0:0", True),
        ("root:root", True),
        ("'root'", True),
        ('"0":"0"', True),
        ('"root:web"', True),
    ],
)
def test_users(user, root):
    assert wrong("D1.image-non-root", BASE, f"USER {user}") == ([(3, f"USER {user} is root")] if root else [])


def test_the_user_of_a_base():
    assert not wrong("D1.image-non-root", "FROM gcr.io/distroless/python3:nonroot")
    assert not wrong("D1.image-non-root", "FROM gcr.io/distroless/python3:nonroot AS base", "FROM base")
    assert wrong("D1.image-non-root", "FROM gcr.io/distroless/python3:nonroot", "USER root")


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["FROM debian AS build", "FROM debian", "COPY --from=build /a /a"], False),
        (["FROM debian AS build", "FROM debian", "COPY --chown=1 --from=build /a /a"], False),
        (["FROM debian", "COPY --from=ghcr.io/astral-sh/uv /uv /uv"], True),
        (["FROM debian AS build", "FROM debian", "COPY a /a"], True),
    ],
)
def test_stages(lines, kept):
    assert bool(wrong("D1.image-multi-stage", *lines)) is kept


@pytest.mark.parametrize(
    ("copy", "everything"),
    [
        ("COPY . /app", True),
        ("ADD ./ /app", True),
        ("COPY --chown=web:web . .", True),
        ("COPY setup.py . /app", True),
        ('COPY [".", "/app"]', True),
        ("COPY --from=build . .", False),
        ("COPY src .", False),
    ],
)
def test_what_is_copied(copy, everything):
    said = [(3, f"{copy} takes everything, and there is no .dockerignore")] if everything else []
    assert wrong("D1.image-context-limited", BASE, copy) == said


@pytest.mark.parametrize("ignores", [".dockerignore", "a/b/.dockerignore", "a/b/Dockerfile.dockerignore"])
def test_where_a_dockerignore_counts(ignores):
    files = {"a/b/Dockerfile": f"{BASE}COPY . ."}
    assert refuses("D1.image-context-limited", files={**files, "b/.dockerignore": ""})
    assert not refuses("D1.image-context-limited", files={**files, ignores: ""})


@pytest.mark.parametrize("recipe", ["bentofile.yaml", "project.toml", "cog.yaml", "Dockerfile"])
def test_recipes(recipe):
    assert not refuses("D1.image-described", files={"app.py": "", recipe: BASE})


@pytest.mark.parametrize(
    ("command", "builds"),
    [
        ("docker build .", True),
        ("docker buildx create", True),
        ("buildah bud .", True),
        ("docker --context web bake", True),
        ("$(ENGINE) build .", True),
        ("docker run --rm web build", False),
        ("docker pull web", False),
        ("make build", False),
        ("bentoml build", True),
        ("bentoml containerize web", True),
        ("bentoml serve", False),
        ("kaniko", True),
        ("/kaniko/executor", True),
        ("pack build web", True),
        ("ko publish", True),
        ("cog build", True),
        ("cog run", False),
    ],
)
def test_what_builds_an_image(command, builds):
    assert refuses("D1.image-built-in-ci", files={"app.py": "", **ci(command)}) is not builds


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ENV API_KEY=abc", "ENV API_KEY puts a secret into the image's history"),
        ("ENV DB_PASSWORD abc", "ENV DB_PASSWORD puts a secret into the image's history"),
        ('ENV PORT=1 TOKENS="a b"', "ENV TOKENS puts a secret into the image's history"),
        ("ARG client_secret=abc", "ARG client_secret puts a secret into the image's history"),
        ("ARG API_KEY", None),
        ("ENV TOKEN=$TOKEN", None),
        ('ENV TOKEN="$TOKEN"', None),
        ("ENV TOKEN=/run/secrets/token", None),
        ('ENV TOKEN=""', None),
        ("ENV TOKENIZER=bert", None),
        ("COPY .env.prod id_rsa.pub /app/", "COPY .env.prod puts a secret into the image"),
        ("ADD keys/tls.pem .", "ADD keys/tls.pem puts a secret into the image"),
        ('COPY ["id_ed25519", "/root/"]', "COPY id_ed25519 puts a secret into the image"),
        ("COPY --chown=1 .netrc .", "COPY .netrc puts a secret into the image"),
        ("COPY empty .env", None),
        ("COPY environment.env.md .", None),
    ],
)
def test_secrets(line, said):
    assert wrong("S2.image-without-secrets", BASE, line) == ([(3, said)] if said else [])


def test_secrets_before_the_first_stage():
    assert not wrong("S2.image-without-secrets", "ARG API_TOKEN", BASE)
    assert not wrong("S2.image-without-secrets", "ARG VERSION=1", BASE)


def test_health_that_is_checked():
    assert not wrong("D3.image-healthcheck", BASE, "HEALTHCHECK CMD true")
    assert wrong("D3.image-healthcheck", BASE, "HEALTHCHECK none") == [(3, "there is no HEALTHCHECK")]


@pytest.mark.parametrize(
    "words",
    [
        "flask run",
        "python -m flask run --host 0.0.0.0",
        "flask --app web run --port 80",
        "uvicorn web:app --reload",
        "poetry run flask run",
    ],
)
def test_servers_for_development(words):
    said = [(3, f"{words} starts a server for development")]
    assert wrong("D2.production-server", BASE, f"CMD {words}") == said
    assert wrong("D2.production-server", BASE, "ENTRYPOINT " + str(words.split()).replace("'", '"')) == said


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (('ENTRYPOINT ["flask"]', 'CMD ["run"]'), True),
        (('CMD ["run"]', 'ENTRYPOINT ["flask"]'), True),
        (('ENTRYPOINT ["python"]', 'ENTRYPOINT ["flask"]', 'CMD ["routes"]', 'CMD ["run"]'), True),
        (('ENTRYPOINT ["flask"]', 'CMD ["run"]', 'CMD ["routes"]'), False),
        (('ENTRYPOINT ["flask"]', "FROM base", 'CMD ["run"]'), True),
        (('CMD ["flask", "run"]', "FROM base", 'ENTRYPOINT ["gunicorn", "web:app"]'), False),
        (('ENTRYPOINT ["tini"]', 'CMD ["web"]', "FROM base", 'CMD ["flask", "run"]'), True),
        (('CMD ["flask", "run"]', "FROM base", "USER 1"), True),
        (("ENTRYPOINT gunicorn web:app", 'CMD ["flask", "run"]'), False),
        (("ENTRYPOINT flask run", 'CMD ["web"]'), True),
    ],
)
def test_entry_points_with_a_command_behind(lines, found):
    assert bool(wrong("D2.production-server", f"{BASE.strip()} AS base", *lines)) is found


@pytest.mark.parametrize("words", ["gunicorn web:app", "poetry run flask", "run", "[flask", "flask"])
def test_other_servers(words):
    assert not wrong("D2.production-server", BASE, f"CMD {words}")


@pytest.mark.parametrize("name", ["app", "application"])
def test_the_server_of_flask(name):
    files = {"src/web.py": FLASK.format(name)}
    own = "src/web.py starts Flask's own server (line 4), which is made for development"
    for start in ("python src/web.py", "python /srv/web.py", "python ./web.py"):
        assert wrong("D2.production-server", BASE, f"CMD {start}", **files) == [(3, own)]
    for start in ("python other.py", "gunicorn web:app", "python"):
        assert not wrong("D2.production-server", BASE, f"CMD {start}", **files)
    assert not wrong("D2.production-server", BASE, "CMD web.py", **{"web.py": "import fastapi\n\napp.run()\n"})
