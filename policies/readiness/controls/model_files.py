"""S4: loading a model runs no code that somebody hid in its file."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service, serving_modules
from readiness.facts import Facts
from readiness.facts.module import Module, constant, keyword
from readiness.facts.repository import Repository

LOADERS = frozenset(
    {
        "pickle.load",
        "pickle.loads",
        "cPickle.load",
        "dill.load",
        "dill.loads",
        "cloudpickle.load",
        "cloudpickle.loads",
        "joblib.load",
        "pandas.read_pickle",
        "sklearn.externals.joblib.load",
        "shelve.open",
    }
)
CHECKS = frozenset({"sha256", "sha512", "blake2b", "file_digest", "compare_digest", "verify", "verify_blob"})


@control(
    id="S4.model-files-inert",
    title="The service loads no model from a format that can run code, unless it checks who made it",
    why="a pickle is a program: whoever can write to the bucket or registry runs code inside the service",
    remedy="export to ONNX or safetensors; or compare hashlib.file_digest(file, 'sha256') with a signed value before",
    severity="high",
    kind="repository",
    sources=("CWE-502", "OWASP ML06:2023", "https://docs.python.org/3/library/pickle.html"),
    subjects=service,
    needs=A_SERVICE,
)
def model_files_inert(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in serving_modules(facts):
        if not CHECKS & {name.rpartition(".")[2] for name, _ in module.calls}:
            for what, line in unsafe(module):
                yield Problem(f"{what} runs whatever code its file holds", line, module.file)


def unsafe(module: Module) -> Iterator[tuple[str, int]]:
    for name, call in module.calls:
        if name in LOADERS:
            yield name, call.lineno
        elif name == "torch.load" and constant(keyword(call, "weights_only")) is False:
            yield "torch.load(weights_only=False)", call.lineno
        elif name == "numpy.load" and constant(keyword(call, "allow_pickle")) is True:
            yield "numpy.load(allow_pickle=True)", call.lineno
        elif name == "yaml.load" and not keyword(call, "Loader") and len(call.args) < 2:
            yield "yaml.load", call.lineno


CONTROLS = (model_files_inert,)
