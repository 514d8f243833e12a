"""Importing the service stays light, and phones nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
PROGRAM = """
import os, sys
os.environ.pop("ORT_DISABLE_TELEMETRY", None)
import service.app, service.__main__
print(os.environ["ORT_DISABLE_TELEMETRY"], *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_service_imports_nothing_of_training() -> None:
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True
    ).stdout
    telemetry, *imported = out.split()
    assert telemetry == "1"
    heavy = {
        "redis",
        "jwt",
        "requests",
        "mlflow",
        "sklearn",
        "scipy",
        "pandas",
        "onnx",
        "skl2onnx",
        "matplotlib",
        "training",
    }
    assert not heavy & set(imported)
    assert {"fastapi", "onnxruntime", "service"} <= set(imported)
