"""Verified load on a service, in a process of its own, and what came of it; see ``chaos.py``."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

from project import until

CLIENT = Path(__file__).with_name("chaos.py")
CONNECTIONS = 64


class Pressure:
    """Verified load while the test does something to the service."""

    def __init__(self, material, port):
        plan = {"port": port, "connections": CONNECTIONS, "rows": material.rows}
        plan |= {"expected": material.expected, "key": material.key}
        command = [sys.executable, CLIENT, json.dumps(plan)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.now = {"answered": 0, "versions": {}}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.now = json.loads(line)

    def goes_on(self, answers=1000, version=None):
        """Waits until so many more requests were answered, by a version if one is given."""
        before = self.count(version)
        until(lambda: self.count(version) >= before + answers)

    def count(self, version=None):
        assert self.process.poll() is None, "the load ended"
        return self.now["versions"].get(version, 0) if version else self.now["answered"]

    def switch(self, key):
        """Lets all requests from now on have another key; waits until none is on its way with an older one."""
        self.process.stdin.write(json.dumps({"key": key}) + "\n")
        self.process.stdin.flush()
        until(lambda: self.now["key"] == key and not self.now["older"])

    def finish(self):
        """Ends it; what came of all that was sent."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self._reader.join(timeout=60)
        assert "ids" in self.now, "the load failed"
        outcome = Outcome(self.now)
        print(outcome)
        return outcome


class Outcome:
    """What came of the requests of a load; as text, a table."""

    def __init__(self, totals):
        self.sent, self.answered, self.lost = (totals[name] for name in ("sent", "answered", "lost"))
        self.refused, self.wrong, self.ids = totals["refused"], totals["wrong"], totals["ids"]

    @property
    def none_lost_or_wrong(self):
        return self.promised(lost=0)

    def promised(self, lost, refusals=()):
        """Whether no answer was wrong, at most so many were lost, and refusals were of these kinds only."""
        whole = self.sent == self.answered + sum(self.refused.values()) + self.lost
        return whole and not self.wrong and self.lost <= lost and set(self.refused) <= set(refusals)

    def __str__(self):
        table = {"sent": self.sent, "answered": self.answered, "lost": self.lost, "wrong": len(self.wrong)}
        table |= {f"refused: {told}": number for told, number in self.refused.items()}
        lines = [f"{name:40} {number:>9,}" for name, number in table.items()]
        return "\n".join(["", *lines, *self.wrong[:5]])


@contextmanager
def pressure(material, port):
    """Load on a service at a port; it is there when the block begins."""
    load = Pressure(material, port)
    try:
        load.goes_on()
        yield load
    finally:
        load.process.kill()
        load.process.wait()
