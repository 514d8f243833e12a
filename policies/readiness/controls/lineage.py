"""G1: each served model is a version that code made, with its data, code and metrics on record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service, serving_modules, source
from readiness.facts import Facts
from readiness.facts.code import cells
from readiness.facts.module import Module, text_of
from readiness.facts.repository import File, Repository
from readiness.facts.unread import UnreadError

SCULLEY = "Sculley et al., Hidden Technical Debt in Machine Learning Systems, 2015"
MLFLOW = "https://mlflow.org/docs/latest/ml/model-registry/"
REGISTER = re.compile(
    r"(^|\.)(register_model|create_model_version|create_registered_model|save_model|push_to_hub|log_artifact|"
    r"create_model_package|register|link_model|track_model|upload_model)$"
)
REGISTRIES = frozenset(
    {
        "mlflow",
        "bentoml",
        "wandb",
        "huggingface_hub",
        "sagemaker",
        "google",
        "azure",
        "clearml",
        "neptune",
        "comet_ml",
        "dvclive",
    }
)
COMMIT = re.compile(r"rev-parse|GITHUB_SHA|CI_COMMIT_SHA|GIT_COMMIT|git[._]commit|head\.object\.hexsha")
DATA = re.compile(r"(?i)data(set)?[_.]?(digest|hash|version|sha256|checksum|fingerprint)")
FITS = frozenset({"fit", "fit_transform", "train", "partial_fit"})
LATEST = re.compile(r":latest$|models:/[^/]+/(latest|Production|Staging)$|^models:/[^/@]+$")


def fits(module: Module) -> bool:
    return any(name.rpartition(".")[2] in FITS for name, _ in module.calls)


@control(
    id="G1.training-is-code",
    title="A program trains the model, and something starts it",
    why="a model out of a notebook cannot be made again: cells ran in an order that nobody wrote down",
    remedy="move the cells into train.py, and write the command into the Makefile or CI: python train.py",
    severity="high",
    kind="repository",
    sources=(SCULLEY, "Breck et al. 2017, Infra 1"),
    subjects=source,
    needs="source code",
)
def training_is_code(repo: Repository, facts: Facts) -> Iterator[Problem]:
    trainers = [module for module in facts.code.product if fits(module)]
    if not trainers:
        books = [book.path for book in facts.code.notebooks]
        there = f"only {books[0]} may" if books else "no program here does"
        yield Problem(f"nothing but a person trains the model: {there}", file=books[0] if books else "")
        return
    named = {module.file for module in trainers}
    if not any(starts(text, named) for text in started(repo)) and not repo_runs(facts, named):
        yield Problem("nothing starts it: no make target, no stage, no job, no page names it", 1, trainers[0].file)


def started(repo: Repository) -> Iterator[str]:
    """The text of all that starts programs, or tells people how to."""
    roles = ("makefile", "dvc", "ci-jenkins", "shell", "markdown", "dockerfile", "pyproject", "yaml")
    return (file.text for file in repo.role(*roles))


def starts(text: str, files: set[str]) -> bool:
    """Whether it names one of these files, or hands Python's ``-m`` one of their packages."""
    for path in files:
        module = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        package, file = module.rpartition(".")[0] or module, path.rpartition("/")[2]
        if re.search(rf"-m[\s\"',]+{re.escape(package)}\b|(?<![\w.-]){re.escape(file)}\b", text):
            return True
    return False


def repo_runs(facts: Facts, files: set[str]) -> bool:
    return any(module.file in files for module in facts.code.run_by(facts.pipelines.all_calls))


@control(
    id="G1.model-registered",
    title="Code registers each trained model as a version",
    why="a file that is copied over the last one leaves nothing to compare with and nothing to go back to",
    remedy='mlflow.sklearn.log_model(model, name="model", registered_model_name="NAME")',
    severity="high",
    kind="repository",
    sources=(MLFLOW,),
    subjects=source,
    needs="source code",
)
def model_registered(repo: Repository, facts: Facts) -> Iterator[Problem]:
    kept_by_dvc = any(file.name != "dvc.yaml" for file in repo.role("dvc"))  # which lists steps, and keeps nothing
    if any(registers(module) for module in facts.code.product) or kept_by_dvc:
        return
    in_notebook = next(registering(facts.code.notebooks), None)
    if in_notebook:
        yield Problem("only a notebook registers the model, by hand", file=in_notebook)
    else:
        yield Problem("no registry is used: no MLflow, DVC, BentoML store, W&B or the like")


def registering(notebooks: Iterable[File]) -> Iterator[str]:
    for book in notebooks:
        with suppress(SyntaxError, UnreadError):  # it registers nothing that could be told
            if registers(Module(book, ast.parse(cells(book)))):
                yield book.path


def registers(module: Module) -> bool:
    for name, call in module.calls:
        named = any(one.arg in ("registered_model_name", "registered_name") for one in call.keywords)
        if named or (module.packages & REGISTRIES and REGISTER.search(name)):
            return True
    return False


@control(
    id="G1.lineage-recorded",
    title="The record of a model names the commit and the data that made it",
    why="without both nobody can say what a decision rested on, or train the same model again",
    remedy='mlflow.set_tag("git_commit", …); mlflow.log_input(mlflow.data.from_pandas(frame))',
    severity="high",
    kind="repository",
    sources=(SCULLEY, MLFLOW),
    subjects=source,
    needs="source code",
)
def lineage_recorded(repo: Repository, facts: Facts) -> Iterator[Problem]:
    texts = [module.source.text for module in facts.code.product]
    tracked = any("mlflow" in module.packages and "start_run" in module.names for module in facts.code.product)
    if not tracked and not any(COMMIT.search(text) for text in texts):
        yield Problem("nothing records the commit that a model was trained from")
    inputs = any("log_input" in module.names or "use_artifact" in module.names for module in facts.code.product)
    if not inputs and not any(repo.role("dvc")) and not any(DATA.search(text) for text in texts):
        yield Problem("nothing records which data a model was trained on")


@control(
    id="G1.served-version-fixed",
    title="The service serves a version that is named, not whichever is the latest",
    why="a restart of one copy would serve another model than the copies beside it, approved or not",
    remedy='bentoml.models.get("name:3xk2…"), "models:/name/7" or an alias: "models:/name@champion"',
    severity="medium",
    kind="repository",
    sources=(MLFLOW,),
    subjects=service,
    needs=A_SERVICE,
)
def served_version_fixed(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in serving_modules(facts):
        for name, call in module.calls:
            wanted = next((text for one in call.args for text in [text_of(one)] if LATEST.search(text)), None)
            if wanted and re.search(r"(^|\.)(get|load_model|get_runner|BentoModel|to_runner|snapshot_download)$", name):
                yield Problem(f"{wanted} is whichever version is the newest", call.lineno, module.file)


CONTROLS = (training_is_code, model_registered, lineage_recorded, served_version_fixed)
