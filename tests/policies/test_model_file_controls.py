"""Files of models: which ways to load one run code, and what checks who made it."""

import pytest
from judged import SERVICE, refuses

LOADERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "sklearn.externals.joblib")


@pytest.mark.parametrize(
    ("call", "unsafe"),
    [
        *((f"{name}.load(path)", True) for name in LOADERS),
        *((f"{name}.loads(text)", True) for name in ("pickle", "dill", "cloudpickle")),
        ("pandas.read_pickle(path)", True),
        ("shelve.open(path)", True),
        ("torch.load(path, weights_only=False)", True),
        ("torch.load(path, weights_only=True)", False),
        ("other.load(path, weights_only=False)", False),
        ("numpy.load(path, allow_pickle=True)", True),
        ("numpy.load(path, allow_pickle=False)", False),
        ("numpy.load(path)", False),
        ("other.load(path, allow_pickle=True)", False),
        ("yaml.load(text)", True),
        ("yaml.load(text, yaml.SafeLoader)", False),
        ("yaml.load(text, Loader=yaml.SafeLoader)", False),
        ("json.load(text)", False),
    ],
)
def test_loaders(call, unsafe):
    assert refuses("S4.model-files-inert", files={"app.py": SERVICE + call}) is unsafe


@pytest.mark.parametrize(
    ("check", "enough"),
    [
        *((f"{name}(text)", True) for name in ("sha256", "hashlib.sha512", "blake2b", "hashlib.file_digest")),
        *((f"{name}(text, signature)", True) for name in ("compare_digest", "self.key.verify", "verify_blob")),
        ("print(text)", False),
    ],
)
def test_checks(check, enough):
    files = {"app.py": f"{SERVICE}{check}\npickle.loads(text)"}
    assert refuses("S4.model-files-inert", files=files) is not enough
