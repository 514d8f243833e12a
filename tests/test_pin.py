"""`make pin` against a real registry on this machine, which stands for those that the names of the images lead to."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from needs import need_command
from project import free_port, until
from repository import BRACED, ROOT
from stacks.images.pin import PLACES, named

FILES = list(PLACES)
REGISTRY = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
REDIRECTED = """
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:{port}"
insecure = true
"""


def blob(layout, content):
    """Puts a blob into an OCI layout; gives what refers to it."""
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def image(folder, text):
    """An OCI layout with one image, which differs by the text; gives its digest."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, "author": text}
    kind = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": {"mediaType": f"{kind}.config.v1+json", **blob(folder, json.dumps(config).encode())},
        "layers": [],
    }
    made = blob(folder, json.dumps(manifest).encode())
    listed = {"mediaType": manifest["mediaType"], **made, "annotations": {"org.opencontainers.image.ref.name": "it"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [listed]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return made["digest"]


class Registry:
    """A registry, and the environment in which the official one's names lead to it."""

    def __init__(self, folder, port):
        self._folder, self._port = folder, port
        redirected = folder / ".config" / "containers" / "registries.conf"
        redirected.parent.mkdir(parents=True)
        redirected.write_text(REDIRECTED.format(port=port))
        self.variables = {"HOME": str(folder)}
        self._pushed = 0

    def push(self, name, text):
        """Makes another image of this name; gives its digest."""
        self._pushed += 1
        layout = self._folder / f"image-{self._pushed}"
        digest = image(layout, text)
        there = f"docker://127.0.0.1:{self._port}/library/{name}"
        command = ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", f"oci:{layout}:it", there]
        subprocess.run(command, check=True, capture_output=True)
        return digest


@contextmanager
def serving(folder):
    need_command("skopeo")
    command = need_command("docker-registry")
    port = free_port()
    settings = folder / "registry.yaml"
    settings.write_text(REGISTRY.format(folder=folder / "kept", port=port))
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([command, "serve", str(settings)], stdout=log, stderr=log)
        try:
            until(lambda: subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}/v2/"]).returncode == 0)
            yield Registry(folder, port)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def registry(tmp_path):
    with serving(tmp_path) as found:
        yield found


@pytest.fixture
def copy(tmp_path):
    """A copy of what `make pin` reads and writes."""
    root = tmp_path / "copy"
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    for part in ("images", "platform", "__init__.py"):
        source, place = ROOT / "stacks" / part, root / "stacks" / part
        shutil.copytree(source, place) if source.is_dir() else shutil.copy(source, place)
    return root


def pinned(copy, registry, **variables):
    """Runs it; gives its exit code and what it said."""
    command = [sys.executable, "-m", "stacks.images"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    if registry:
        environment |= registry.variables
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def texts(copy):
    return {file: (copy / file).read_text() for file in FILES}


def test_every_image_gets_the_digest_that_its_registry_gives(copy, registry):
    before = texts(copy)
    digests = {name: registry.push(name, name) for name in {place.name for place in named(copy)}}
    code, said = pinned(copy, registry)
    assert code == 0, said
    assert {(place.name, place.digest) for place in named(copy)} == {(n, f"@{d}") for n, d in digests.items()}
    assert {file: re.sub(r"@sha256:[0-9a-f]{64}", "", text) for file, text in texts(copy).items()} == before
    after = texts(copy)
    assert pinned(copy, registry)[0] == 0
    assert texts(copy) == after, "a second run changes nothing"


def test_a_tag_that_was_moved_gets_its_new_digest(copy, registry):
    names = {place.name for place in named(copy)}
    for name in names:
        registry.push(name, "old")
    pinned(copy, registry)
    moved = sorted(names)[0]
    new = registry.push(moved, "new")
    code, said = pinned(copy, registry)
    assert code == 0
    assert f"{moved} now is @{new}" in said
    assert {place.digest for place in named(copy) if place.name == moved} == {f"@{new}"}


def test_nothing_is_changed_if_one_digest_cannot_be_had(copy, registry):
    first, *others = sorted({place.name for place in named(copy)})
    for name in others:
        registry.push(name, name)
    before = texts(copy)
    code, said = pinned(copy, registry)
    assert code == 2
    assert said.startswith("no file was changed, as these digests could not be had:\n")
    assert f"  {first}: " in said
    assert "Traceback" not in said
    assert "level=fatal" not in said
    assert not any(f"  {name}: " in said for name in others)
    assert texts(copy) == before


def test_without_skopeo_it_says_what_to_install(copy):
    code, said = pinned(copy, None, PATH="/nowhere")
    assert code == 2
    assert "skopeo is not on the PATH; install it" in said


def test_every_image_that_a_dockerfile_or_a_pipeline_names_is_known_here():
    known = {place.name for place in named(ROOT)}
    for file in (f"{BRACED}/Dockerfile", f"{BRACED}/.gitlab-ci.yml", "stacks/registry/image/Dockerfile"):
        text = (ROOT / file).read_text()
        written = re.findall(r"(?<![\w/.-])(?:python|docker):\d[\w.-]*", text)
        assert set(written) <= known, file
