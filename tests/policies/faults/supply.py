"""What the service is made of: image, locks, updates, models, licence."""

from faults.fault import fault
from faults.files import appended, deleted, matched, replaced, written

TABLE = (
    fault(
        "a base image that floats",
        replaced("Dockerfile", "python:3.11.15-slim-bookworm", "python:3-slim"),
        "D1.image-base-pinned",
    ),
    fault(
        "a base image that is whatever is latest",
        replaced("Dockerfile", "python:3.11.15-slim-bookworm", "python:latest"),
        "D1.image-base-pinned",
    ),
    fault(
        "a base image without a tag",
        replaced("Dockerfile", "python:3.11.15-slim-bookworm", "python"),
        "D1.image-base-pinned",
    ),
    fault(
        "the base has no default", replaced("Dockerfile", "=python:3.11.15-slim-bookworm", ""), "D1.image-base-pinned"
    ),
    fault("the image is root", matched("Dockerfile", r"^USER .*", "USER root"), "D1.image-non-root"),
    fault("the image is 0", matched("Dockerfile", r"^USER .*", "USER 0:0"), "D1.image-non-root"),
    fault("the image names no user", matched("Dockerfile", r"^USER .*\n", ""), "D1.image-non-root"),
    fault(
        "the image says nothing of its health", matched("Dockerfile", r"^HEALTHCHECK.*\n", ""), "D3.image-healthcheck"
    ),
    fault(
        "the image checks no health",
        matched("Dockerfile", r"^HEALTHCHECK.*", "HEALTHCHECK NONE"),
        "D3.image-healthcheck",
    ),
    fault(
        "the image is built in one stage",
        matched("Dockerfile", r"^FROM \$\{PYTHON_IMAGE\}\n(COPY --from=build .*\n)*", "FROM build\n"),
        "D1.image-multi-stage",
    ),
    fault("there is no Dockerfile", deleted("Dockerfile"), "D1.image-described", also={}),
    fault(
        "the image takes everything",
        lambda draft: draft.files.update(
            {
                ".dockerignore": None,
                "Dockerfile": draft.read("Dockerfile").replace("COPY src/service /opt/app/service", "COPY . /opt/app"),
            }
        ),
        "D1.image-context-limited",
    ),
    fault(
        "the image starts a server for development",
        matched(
            "Dockerfile",
            r'^ENTRYPOINT \["python", "-m", "service"\]',
            'ENTRYPOINT ["uvicorn", "service.app:app", "--reload"]',
        ),
        "D2.production-server",
    ),
    fault(
        "the image installs without hashes",
        replaced("Dockerfile", "--require-hashes --only-binary :all: -r service.txt", "fastapi uvicorn onnxruntime"),
        "S4.locks-installed",
    ),
    fault(
        "the image installs one thing more",
        matched("Dockerfile", r"^COPY src/service /opt/app/service$", "RUN pip install debugpy\n\\g<0>"),
        "S4.locks-installed",
    ),
    fault(
        "the locks lose their hashes",
        lambda draft: draft.files.update(
            {
                path: "\n".join(line.rstrip("\\ ") for line in draft.read(path).split("\n") if "--hash" not in line)
                for path in draft.paths
                if path.startswith("requirements/") and path.endswith(".txt")
            }
        ),
        "S4.dependencies-locked",
    ),
    fault("there is no lock", deleted(r"requirements/.*\.txt"), "S4.dependencies-locked"),
    fault(
        "one package of the service's lock floats",
        appended("requirements/service.txt", "\nhttpx>=0.27\n"),
        "S4.dependencies-locked",
    ),
    fault("no machine proposes updates", deleted("renovate.json"), "S4.updates-automated"),
    fault(
        "Renovate is switched off",
        replaced("renovate.json", '"minimumReleaseAge"', '"enabled": false,\n  "minimumReleaseAge"'),
        "S4.updates-automated",
    ),
    fault("no licence", deleted("LICENSE"), "S5.licence"),
    fault("an empty licence", written("LICENSE", "TODO\n"), "S5.licence"),
    fault(
        "the service loads a pickle",
        appended(
            "src/service/models.py",
            "\n\ndef cached(path: str) -> object:\n    import joblib\n\n    return joblib.load(path)\n",
        ),
        "S4.model-files-inert",
    ),
    fault(
        "the service loads arrays with objects in them",
        appended(
            "src/service/session.py",
            "\n\ndef cached(path: str) -> object:\n    return np.load(path, allow_pickle=True)\n",
        ),
        "S4.model-files-inert",
    ),
)
