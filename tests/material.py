"""What a service needs, small and quickly made: run with a project's own Python, source and tests.

python material.py FOLDER, with SRC and TESTS of the project on PYTHONPATH
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import sample
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import helper, numpy_helper
from service import audit, auth, bundle
from service.session import Session

ROWS = 256
STEP = 1000.0
"""By so much are the second release's answers above the first one's."""
SIGNATURE = sample.SIGNATURES["regression"]


def main(folder):
    """Writes releases ``first`` and ``second`` of one model, ``mixed`` with texts and gaps, and all they need.

    ``material.json`` holds rows, the right answer to each for each version, and API keys.
    """
    approver = Ed25519PrivateKey.generate()
    sample.release(folder / "mixed", "binary", approver)
    sample.release(folder / "first", "regression", approver, version="1")
    raise_answers(sample.release(folder / "second", "regression", approver, version="2"))
    rows = [{"mass": 0.5 + number / 32, "age": 40.0, "limit": 0.25, "treated": False} for number in range(ROWS)]
    expected = {version: answers(folder / name, rows) for name, version in (("first", "1"), ("second", "2"))}
    apart = sorted(expected["1"])
    assert min(high - low for low, high in pairwise(apart)) > 0.01, "an answer must tell its row"
    audit.create_keys(folder / "audit.pem", folder / "audit-input")
    keys = {"tester": make_key(folder, "predict"), "operator": make_key(folder, "admin")}
    made = {"rows": rows, "expected": expected, "keys": keys, "mixed": sample.ROWS["binary"]}
    (folder / "material.json").write_text(json.dumps(made))


def make_key(folder, scope):
    return auth.create_key(folder / "api-keys.json", f"{scope}-holder", [scope])


def answers(release, rows):
    """What the model says to each row, asked alone and without the service."""
    session = Session((release / "bundle" / bundle.MODEL).read_bytes(), SIGNATURE)
    return [float(session.run(SIGNATURE.decode([row]).blocks)[0, 0]) for row in rows]


def raise_answers(release):
    """Makes the release another model with the same signature, approved again."""
    home = release.folder / "bundle"
    model = onnx.load_from_string((home / bundle.MODEL).read_bytes())
    (last,) = (node for node in model.graph.node if "value" in node.output)
    last.output[list(last.output).index("value")] = "lower"
    model.graph.initializer.append(numpy_helper.from_array(np.float32([STEP]), "step"))
    model.graph.node.append(helper.make_node("Add", ["lower", "step"], ["value"]))
    golden = json.loads((home / bundle.GOLDEN).read_bytes())
    golden["expected"] = [[value + STEP for value in row] for row in golden["expected"]]
    (home / bundle.MODEL).write_bytes(model.SerializeToString())
    (home / bundle.GOLDEN).write_bytes(bundle.canonical({**golden, "tolerance": 1e-3}))
    head = bundle.manifest({name: (home / name).read_bytes() for name in bundle.FILES})
    (home / bundle.MANIFEST).write_bytes(head)
    release.sign(bundle_digest=bundle.sha256(head))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
