"""README, DESIGN and CONTRIBUTING name only what exists."""

import json
import re

import pytest

from repository import BRACED, ROOT

PAGES = ["README.md", "DESIGN.md", "CONTRIBUTING.md", "stacks/README.md"]


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def targets(makefile):
    return set(re.findall(r"^([a-z-]+):", makefile.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_readme_fits_on_a_few_screens():
    assert len(text("README.md").splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    known = targets(ROOT / "Makefile") | targets(ROOT / BRACED / "Makefile")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text(page), re.MULTILINE))
    assert named <= known


def test_the_two_commands_of_the_readme_are_targets():
    assert {"demo", "test"} <= targets(ROOT / "Makefile")


@pytest.mark.parametrize("page", PAGES)
def test_files_exist(page):
    written = re.findall(r"`((?:[\w{}.-]+/)+[\w.-]*|[\w.-]+\.(?:md|py|json|toml|yaml))`", text(page))
    written += re.findall(r"\]\((?!http)([^)]+)\)", text(page))
    made = ("build/", "models/", "bench/results", "MODEL_CARD.md", "model.onnx", "manifest.json", "examples/NAME/")
    folders = (ROOT, ROOT / BRACED, ROOT / BRACED / "src/training")
    bundle = {"signature.json", "golden.json", "profile.json", "lineage.json"}
    gone = [
        name
        for name in written
        if not any((folder / name.replace("template/", f"{BRACED}/")).exists() for folder in folders)
        and not name.startswith(made)
        and not name.endswith(made)
        and name not in bundle
    ]
    assert gone == []


def test_the_readme_counts_the_questions_right():
    asked = [name for name in json.loads(text("cookiecutter.json")) if not name.startswith("_")]
    assert len(asked) == 8
    assert "Eight questions" in text("README.md")


def test_the_demo_says_where_its_commands_work(bake, tmp_path):
    makefile = text("Makefile")
    assert set(re.findall(r"build/demo/([\w-]+)", makefile)) == {bake(tmp_path).name}
    assert "These commands are of the project that was made: cd build/demo/" in makefile
