"""What comes out of the template, for every combination of answers and from every kind of source."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from itertools import combinations, product
from pathlib import Path

import cruft
import pytest
import yaml
from cookiecutter.main import cookiecutter

from repository import BRACED, ROOT, git, tree

QUESTIONS = {k: v for k, v in json.loads((ROOT / "cookiecutter.json").read_text()).items() if k[0] != "_"}
CHOICES = {question: choices for question, choices in QUESTIONS.items() if isinstance(choices, list)}
COMBINATIONS = [dict(zip(CHOICES, chosen, strict=True)) for chosen in product(*CHOICES.values())]
ANSWERS = {
    "project_name": ["A Name", "Another Name"],
    "project_slug": ["a-slug", "another-slug"],
    "description": ["Does a thing.", "Does another thing."],
    "team": ["A Team", "Another Team"],
    "email": ["team@example.com", "another@example.org"],
    **CHOICES,
}
MARK = re.compile(r"\{\{ ?cookiecutter|\{%|cookiecutter\.(_|" + "|".join(QUESTIONS) + ")")


def nodes(text):
    """YAML without its values made: GitLab has tags of its own."""
    return list(yaml.compose_all(text))


PARSERS = {".py": ast.parse, ".toml": tomllib.loads, ".json": json.loads, ".yaml": nodes, ".yml": nodes}


@pytest.fixture(scope="session")
def baked(bake, tmp_path_factory):
    """A project of each combination of choices, all in one folder."""
    folder = tmp_path_factory.mktemp("baked")
    return {tuple(chosen.values()): bake(folder / "-".join(chosen.values()), **chosen) for chosen in COMBINATIONS}


@pytest.fixture(params=COMBINATIONS, ids=lambda chosen: "-".join(chosen.values()))
def project(request, baked):
    return baked[tuple(request.param.values())]


@pytest.fixture(scope="session")
def default(baked):
    return baked[tuple(choices[0] for choices in CHOICES.values())]


def parse(folder):
    for path in folder.rglob("*"):
        if path.suffix in PARSERS:
            PARSERS[path.suffix](path.read_text(encoding="utf-8"))


def test_every_file_parses(project):
    parse(project)


def test_every_file_parses_before_it_is_rendered(template):
    parse(template / BRACED)


def test_no_mark_of_the_template_is_left(project):
    for name, content in tree(project).items():
        assert not MARK.search(name)
        assert not MARK.search(content.decode(errors="ignore")), name


def test_no_folder_is_empty(project):
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_no_file_mentions_a_removed_one(project, template):
    whole = template / BRACED
    gone = [path for path in whole.rglob("*") if not (project / path.relative_to(whole)).exists()]
    assert gone, "every combination leaves some file out"
    names = [re.escape(path.relative_to(whole).as_posix()) + (r"/" if path.is_dir() else r"(?![\w-])") for path in gone]
    mention = re.compile(r"(?:^|[^\w/.-]|\./)(" + "|".join(names) + ")", re.MULTILINE)
    for name, content in tree(project).items():
        found = mention.search(content.decode(errors="ignore"))
        assert not found, f"{name} mentions {found[1]}, which is not in the project"


def test_python_is_never_rendered(project, template):
    def python(folder):
        return {name: content for name, content in tree(folder).items() if name.endswith(".py")}

    assert python(project) == python(template / BRACED)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_an_effect(question, bake, tmp_path):
    first = {asked: answers[0] for asked, answers in ANSWERS.items()}
    changed = [{**first, question: answer} for answer in ANSWERS[question]]
    trees = [tree(bake(tmp_path / str(number), **answers)) for number, answers in enumerate(changed)]
    assert all(one != other for one, other in combinations(trees, 2))


def test_every_question_has_a_prompt_and_every_choice_a_label():
    prompts = json.loads((ROOT / "cookiecutter.json").read_text())["__prompts__"]
    assert len(QUESTIONS) <= 10
    assert list(prompts) == list(QUESTIONS)
    for question, choices in CHOICES.items():
        assert list(prompts[question]) == ["__prompt__", *choices]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_style(command, default, template):
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache"]
    for folder in (template / BRACED, default.parents[1]):  # first the one to be mended, then all made of it
        subprocess.run([*ruff, folder], check=True)


def test_types(default, project_env, tmp_path):
    """Of one project, since the Python is the same in all."""
    subprocess.run([project_env, "-m", "mypy", "--cache-dir", tmp_path], cwd=default, check=True)


def checkout(template, folder):
    """As on Windows: no symbolic links, and line ends that git would change unless told not to."""
    options = ["-c", "core.symlinks=false", "-c", "core.autocrlf=true"]
    git(folder.parent, *options, "clone", "-q", template.as_uri(), str(folder))
    assert (folder / "template").is_file()
    assert not (folder / "template").is_symlink()
    return folder


def archive(template, path):
    """A zip with one folder in it, as the forges make it."""
    git(template, "archive", "--format=zip", "--prefix=airworthy-main/", f"--output={path}", "HEAD")
    return path


def from_git(template, folder):
    return cookiecutter(f"git+{template.as_uri()}", no_input=True, output_dir=folder / "out")


def from_zip(template, folder):
    return cookiecutter(str(archive(template, folder / "main.zip")), no_input=True, output_dir=folder / "out")


def from_checkout_without_links(template, folder):
    return cookiecutter(str(checkout(template, folder / "copy")), no_input=True, output_dir=folder / "out")


def from_replay(template, folder):
    cookiecutter(str(template), no_input=True, output_dir=folder / "before")
    return cookiecutter(str(template), replay=True, output_dir=folder / "out")


def from_command(template, folder):
    command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--output-dir", folder / "out"]
    subprocess.run(command, check=True)
    return folder / "out" / "tumour-diagnosis"


def from_answers(template, folder):
    """Somebody who answers every question by Enter."""
    command = [sys.executable, "-m", "cookiecutter", template, "--output-dir", folder / "out"]
    subprocess.run(command, check=True, text=True, input="\n" * len(QUESTIONS))
    return folder / "out" / "tumour-diagnosis"


def from_cruft(template, folder):
    return cruft.create(str(template), output_dir=folder / "out", no_input=True)


SOURCES = [
    from_git,
    from_zip,
    from_checkout_without_links,
    from_replay,
    from_command,
    from_answers,
    from_cruft,
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_every_source_makes_the_same_project(source, template, default, tmp_path):
    project = Path(source(template, tmp_path))
    assert tree(project, ".cruft.json") == tree(default)
