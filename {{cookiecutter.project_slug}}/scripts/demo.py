"""The whole way on one machine: a table becomes an approved model that answers. Run by ``make demo``.

Each step is the command that a person would type. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCAL = Path(".local")
BOLD, DIM, GREEN, RED, PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else [""] * 5
)
TRAINING = (sys.executable, "-m", "training")


class StepFailed(Exception):
    """A step ended with another exit code than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main() -> int:
    """Run the demo; returns its exit code."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _train_and_approve()
        with _served() as address:
            _predict(address)
    except StepFailed as failure:
        return failure.code
    except KeyboardInterrupt:
        print("\nstopped; nothing was left running", file=sys.stderr)
        return 130
    _show()
    print(f"\n{GREEN}done{PLAIN} in {time.monotonic() - began:.0f} s. What next:")
    port = os.environ.get("SERVICE_PORT", "8080")
    print(f"  make serve            status page http://127.0.0.1:{port}/   API docs http://127.0.0.1:{port}/docs")
    print("  make mlflow           runs, plots and versions http://127.0.0.1:5000")
    print("  make lineage LOCAL=1  where the model comes from, each fact verified")
    print("  make help             everything else")
    return 0


def _train_and_approve() -> None:
    approver = os.environ.get("TRAINING_USER") or "demo@localhost"
    if not Path(os.environ["TRAINING_KEY"]).exists():
        _step("keygen", approver, "--trust", os.environ["TRAINING_APPROVERS"])
    _step("run")
    _step("register")
    _step("approve", "--approver", approver, "--note", "make demo")
    _step("pull")


def _step(*arguments: str) -> None:
    """Run one training command in the foreground, between a heading and the time it took."""
    shown = " ".join(a if " " not in a else f'"{a}"' for a in arguments)
    print(f"\n{BOLD}▸ python -m training {shown}{PLAIN}", flush=True)
    began = time.monotonic()
    child = subprocess.Popen([*TRAINING, *arguments])
    try:
        code = child.wait()
    except KeyboardInterrupt:
        _stop(child)
        raise
    print(f"{DIM}  {time.monotonic() - began:.1f} s{PLAIN}", flush=True)
    if code:
        print(f"{RED}the step failed{PLAIN} (exit code {code}); see what it said above", file=sys.stderr)
        raise StepFailed(code)


@contextmanager
def _served() -> Iterator[str]:
    """The service, started and ready; stopped afterwards, and its port free."""
    port = _free_port(int(os.environ.get("SERVICE_PORT", "8080")))
    print(f"\n{BOLD}▸ python -m service{PLAIN}   (port {port})", flush=True)
    began = time.monotonic()
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "demo-service.log").open("wb") as log:
        environment = {**os.environ, "SERVICE_PORT": str(port)}
        child = subprocess.Popen([sys.executable, "-m", "service"], stdout=log, stderr=log, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(child, address)
            print(f"{DIM}  ready after {time.monotonic() - began:.1f} s{PLAIN}", flush=True)
            yield address
        finally:
            _stop(child)


def _wait_until_ready(child: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    print(f"{RED}the service did not become ready{PLAIN}; its log:\n", file=sys.stderr)
    print((LOCAL / "demo-service.log").read_text(encoding="utf-8")[-3000:], file=sys.stderr)
    raise StepFailed(1)


def _predict(address: str) -> None:
    """Ask for a prediction of the first golden row with curl, as anybody could."""
    golden = json.loads(Path("models/current/bundle/golden.json").read_text(encoding="utf-8"))
    request = LOCAL / "request.json"
    request.write_text(json.dumps({"rows": golden["rows"][:1]}, ensure_ascii=False), encoding="utf-8")
    port = address.rpartition(":")[2]
    command = (
        f'curl -s http://127.0.0.1:{port}/v1/predict -H "X-API-Key: $(cat .local/api-key)" '
        f"-H 'Content-Type: application/json' -d @{request}"
    )
    print(f"\n{BOLD}▸ {command}{PLAIN}", flush=True)
    answer = _curl(command) if shutil.which("curl") else _ask(address, request)
    prediction = json.loads(answer)
    if "predictions" not in prediction:
        print(answer, file=sys.stderr)
        raise StepFailed(1)
    print(json.dumps(prediction, indent=2, ensure_ascii=False))


def _show() -> None:
    """What was served: version, digest, metrics and approver, from the release itself."""
    release = Path("models/current")
    statement = json.loads((release / "approval.json").read_text(encoding="utf-8"))["statement"]
    metrics = json.loads((release / "bundle" / "lineage.json").read_text(encoding="utf-8"))["metrics"]["model"]
    print(f"\n{BOLD}model{PLAIN}     {statement['model']}, version {statement['version']}")
    print(f"digest    {statement['bundle_digest']}")
    print(f"metrics   {', '.join(f'{name} {value:.4g}' for name, value in metrics.items())}")
    print(f"approver  {statement['approver']}, {statement['approved_at']}: {statement['note']}")


def _curl(command: str) -> str:
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True, timeout=30).stdout


def _ask(address: str, request: Path) -> str:
    """The same without curl, where it is not installed."""
    key = (LOCAL / "api-key").read_text(encoding="ascii").strip()
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/v1/predict", request.read_bytes(), headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(answer.read().decode())


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one where it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StepFailed(1)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a child process for certain: ask, wait, insist."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=25)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
