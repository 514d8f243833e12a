"""What the hooks refuse, what comes through them intact, and what they leave."""

import json
import re
import sys
import tomllib

import cruft
import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from repository import BRACED, ROOT, commit, tree

TEXTS = ["project_name", "description", "team"]
AWKWARD = [
    """Ask "why", 'how' and \\"what\\" \\n C:\\temp\\""",
    "p < 0.05 & q > 1 <b>bold</b> <!-- no -->",
    "{x} {'a': {1}} }} %} #} ${HOME} $HOME \\$1 100 % %s $$ `id` $(id)",
    "# no comment: - [x] *a* _b_ | c ~ @d ! ; = ?",
    "ünïcode – “quotes” 日本語 👩‍🔬🏳️‍🌈",
    "אבחון גידולים (v2) تشخيص الأورام",
]
REFUSED = [
    ("project_name", "", "is empty", "Tumour Diagnosis"),
    ("project_name", " \N{NO-BREAK SPACE} ", "is empty", "Tumour Diagnosis"),
    ("project_name", "x" * 61, "has 61 characters, 60 are the most", "x" * 60),
    ("project_name", "Two\nlines", "holds a line break (U+000A)", "Two lines"),
    ("project_name", "Bell\a", "holds a control character (U+0007)", "Bell"),
    ("project_name", "see {{ this }}", "opens a template expression", "see { { this }}"),
    ("description", "", "is empty", "Tells malignant from benign tumours."),
    ("description", "x" * 201, "has 201 characters, 200 are the most", "x" * 200),
    ("description", "a\r\nb", "a line break (U+000A) and holds a line break (U+000D)", "a b"),
    ("description", "a\u2028b\x85c", "holds a line break (U+2028)", "a b c"),
    ("description", "a\tb\x00\x1b\x9f", "holds a control character (U+0009)", "a b"),
    ("description", "{% if %} {# no #}", "opens a template expression", "{ % if %} { # no #}"),
    ("team", "", "is empty", "Machine Learning"),
    ("team", "x" * 61, "has 61 characters", "x" * 60),
    ("team", "abc\u202edef", "holds an invisible control of text direction (U+202E)", "abcdef"),
    ("team", "abc\u2066def", "holds an invisible control of text direction (U+2066)", "abcdef"),
    ("team", "a\ufffe", "holds what is no character in Unicode (U+FFFE)", "a"),
    ("team", "a\ud800", "holds what is no character in Unicode (U+D800)", "a"),
    ("project_slug", "Tumour_Diagnosis", "is no Kubernetes name", "tumour-diagnosis"),
    ("project_slug", "tümor", "is no Kubernetes name", "tumor"),
    ("project_slug", "3d-scan", "is no Kubernetes name", "ml-3d-scan"),
    ("project_slug", "a-", "is no Kubernetes name", "a"),
    ("project_slug", "a\n", "is no Kubernetes name", "a"),
    ("project_slug", "גידולים", "is no Kubernetes name", "ml-service"),
    ("project_slug", "x" * 41, "has 41 characters, 40 are the most", "x" * 40),
    ("project_slug", "class", "is a word of the Python language", "ml-class"),
    ("project_slug", "email", "is a module of Python's own", "ml-email"),
    ("project_slug", "service", "is a package of the project itself", "ml-service"),
    ("project_slug", "training", "is a package of the project itself", "ml-training"),
    ("project_slug", "tests", "is a package of the project itself", "ml-tests"),
    ("project_slug", "default", "is a name of Kubernetes' own", "ml-default"),
    ("project_slug", "kube-system", "begins with kube-", "ml-kube-system"),
    ("project_slug", "nul", "is a device on Windows", "ml-nul"),
    ("project_slug", "com1", "is a device on Windows", "ml-com1"),
    ("email", "", "is no e-mail address", "ml-team@example.com"),
    ("email", "nobody", "is no e-mail address", "ml-team@example.com"),
    ("email", "a@b", "is no e-mail address", "ml-team@example.com"),
    ("email", 'a"@example.com', "is no e-mail address", "ml-team@example.com"),
    ("email", "a..b@example.com", "is no e-mail address", "ml-team@example.com"),
    ("email", "a@example.com\n", "is no e-mail address", "ml-team@example.com"),
    ("email", "a@" + "b." * 130 + "com", "is no e-mail address", "ml-team@example.com"),
]

LABEL = re.compile("[a-z0-9-]+")
"""What labels on a cluster are made of: of free text only so much."""


def context(**answers):
    """The answers and what is derived from them, as cookiecutter has them before it starts to write."""
    loaded = generate_context(str(ROOT / "cookiecutter.json"), extra_context=answers)
    return {**prompt_for_config(loaded, no_input=True), "_output_dir": "."}


@pytest.fixture
def typed(tmp_path, template):
    """Bakes answers as if typed: --no-input evaluates them as templates first, a replay does not."""

    def bake(folder, overwrite=False, **answers):
        replay = tmp_path / "replay.json"
        replay.write_text(json.dumps({"cookiecutter": {**context(), **answers}}))
        cookiecutter(str(template), replay=str(replay), output_dir=str(folder), overwrite_if_exists=overwrite)

    return bake


@pytest.mark.parametrize(("answer", "value", "problem", "remedy"), REFUSED)
def test_a_refusal_says_what_is_wrong_and_leaves_nothing(answer, value, problem, remedy, typed, tmp_path, capfd):
    folder = tmp_path / "projects"
    folder.mkdir()
    with pytest.raises(FailedHookException):
        typed(folder, **{"project_slug": "a-project", answer: value})
    (line,) = re.findall(rf"^  {answer} .*$", capfd.readouterr().err, re.MULTILINE)
    assert problem in line
    assert line.endswith(f". Try: {remedy}")
    assert list(folder.iterdir()) == []


def test_all_refusals_come_at_once(typed, tmp_path, capfd):
    with pytest.raises(FailedHookException):
        typed(tmp_path / "projects", project_name="", project_slug="A", description="\a", team="{{", email="?")
    named = re.findall(r"^  (\w+) .*Try: .+$", capfd.readouterr().err, re.MULTILINE)
    assert sorted(named) == ["description", "email", "project_name", "project_slug", "team"]


def test_a_folder_that_was_there_before_is_left_alone(typed, tmp_path):
    kept = tmp_path / "projects" / "a-project" / "notes.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    with pytest.raises(FailedHookException):
        typed(tmp_path / "projects", overwrite=True, project_slug="a-project", email="?")
    assert tree(tmp_path / "projects") == {"a-project/notes.txt": b"mine"}


@pytest.mark.parametrize("slug", ["", "a/b", "../b", "/a", "a\\b"])
def test_a_slug_that_is_a_path_is_refused_before_a_folder_is_made(slug, bake, tmp_path):
    (tmp_path / "projects").mkdir()
    with pytest.raises(UndefinedError) as refusal:
        bake(tmp_path / "projects", project_slug=slug)
    assert re.search("project_slug .* is not one folder name. Try: ml-service", str(refusal.value))
    assert [path.name for path in tmp_path.iterdir()] == ["projects"]
    assert list((tmp_path / "projects").iterdir()) == []


@given(text=st.text(st.characters() | st.sampled_from("{%#\n\a\u202e ")), slug=st.text(), email=st.text())
def test_what_a_refusal_proposes_is_accepted(hook, text, slug, email):
    refuses = hook("pre_gen_project")
    answers = {**dict.fromkeys(TEXTS, text), "project_slug": slug, "email": email}
    for check in (refuses.text_refusals, refuses.slug_refusals, refuses.email_refusals):
        for line in check(answers):
            answer, proposal = line.split(" ", 1)[0], line.rsplit(" Try: ", 1)[1]
            second = [again for again in check({**answers, answer: proposal}) if again.startswith(f"{answer} ")]
            assert not second, line


@given(text=st.text(st.characters() | st.sampled_from("\"'\\$<>{}%# "), min_size=1, max_size=60))
def test_text_that_is_not_refused_is_intact_in_every_format(hook, text):
    answers = context(**dict.fromkeys(TEXTS, text))
    if list(hook("pre_gen_project").text_refusals(answers)):
        return
    for name in TEXTS:
        assert answers[name] == text
        escaped = answers[f"__{name}_escaped"]
        assert tomllib.loads(f'x = "{escaped}"') == {"x": text}
        assert yaml.safe_load(f'x: "{escaped}"') == {"x": text}
        assert json.loads(f'{{"x": "{escaped}"}}') == {"x": text}
        assert labels(f'LABEL x="{answers[f"__{name}_dockerfile"]}"') == [text]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_is_intact_in_the_project(text, bake, tmp_path):
    answers = {
        "project_name": f"xerus {text}"[:60],
        "description": f"yak {text}",
        "team": f"zebu {text}"[:60],
    }
    project = bake(tmp_path, project_slug="a-project", **answers)
    found = set()
    for path in project.rglob("*"):
        for string in strings(path) if path.is_file() else ():
            for name, answer in answers.items():
                if answer.split()[0] in string and not LABEL.fullmatch(string):
                    assert answer in string, f"{path}: {string}"
                    found.add((path.suffix or path.name, name))
    assert {
        (".toml", "description"),
        (".toml", "team"),
        (".md", "project_name"),
        (".md", "description"),
    } <= found
    assert {"description", "team"} <= {name for kind, name in found if kind == "Dockerfile"}


def strings(path):
    """The strings of a file as its reader will have them; of a file without strings, all its text."""
    text = path.read_text(encoding="utf-8")
    if path.name == "Dockerfile":
        return labels(text)
    if path.suffix == ".toml":
        return leaves(tomllib.loads(text))
    if path.suffix in (".yaml", ".yml"):
        return [leaf for document in yaml.safe_load_all(text) for leaf in leaves(document)]
    return [text]


def leaves(value):
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [str(value)]


def labels(dockerfile):
    """The quoted strings of LABELs as Docker reads them: a backslash escapes itself, a quote, a dollar."""
    logical = dockerfile.replace("\\\n", " ").splitlines()
    quoted = [q for line in logical if line.startswith("LABEL ") for q in re.findall(r'="((?:[^"\\]|\\.)*)"', line)]
    assert not [q for q in quoted if re.search(r"(?<!\\)(\\\\)*\$(?!\{?[A-Z]+\}?$)", q)], "Docker would substitute"
    return [re.sub(r'\\(["\\$])', r"\1", q) for q in quoted]


def test_awkward_text_survives_an_update(tmp_path):
    """cruft evaluates the answers again, from what it saved."""
    source = small_template(tmp_path / "template", "first")
    answers = {"description": AWKWARD[0] + AWKWARD[2], "team": AWKWARD[4] + AWKWARD[5][:18]}
    project = cruft.create(str(source), output_dir=tmp_path, no_input=True, extra_context=answers)
    small_template(source, "second")
    assert cruft.update(project, skip_apply_ask=True)
    settings = yaml.safe_load((project / "settings.yaml").read_text(encoding="utf-8"))
    assert settings == {**answers, "state": "second"}
    saved = json.loads((project / ".cruft.json").read_text(encoding="utf-8"))["context"]["cookiecutter"]
    assert {name: saved[name] for name in answers} == answers


def small_template(folder, state):
    """A repository with these questions and hooks and one file, for what needs a history."""
    for name in ("cookiecutter.json", "hooks/pre_gen_project.py", "hooks/post_gen_project.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    lines = [f'{name}: "{{{{ cookiecutter.__{name}_escaped }}}}"' for name in ("description", "team")]
    (folder / BRACED).mkdir(exist_ok=True)
    (folder / BRACED / "settings.yaml").write_text("\n".join([*lines, f"state: {state}", ""]))
    commit(folder)
    return folder


def test_the_table_of_choices_fits_the_questions_and_the_template(hook):
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    for option, choices in hook("post_gen_project").FILES.items():
        assert list(choices) == questions[option]
        for files in choices.values():
            for path in [*files, *files.values()]:
                assert (ROOT / BRACED / path).is_file(), path


def test_a_second_run_changes_nothing(bake, hook, tmp_path, monkeypatch):
    project = bake(tmp_path, license="MIT", example="wine", ci_provider="gitlab")
    before = tree(project)
    monkeypatch.chdir(project)
    answers = context(license="MIT", example="wine", ci_provider="gitlab")
    hook("pre_gen_project").main(answers)
    hook("post_gen_project").main(answers)
    assert tree(project) == before


def test_hooks_need_nothing_but_python():
    for path in (ROOT / "hooks").glob("*.py"):
        imported = re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
        assert set(imported) <= sys.stdlib_module_names
