"""Runs a command and writes to a file, named first, what it took, as JSON: code, seconds, CPU seconds, KiB at the peak.

A process of its own because on Linux the peak of a child begins with its parent's, which exec does not take back: this
parent is small, and that of the whole bench may be larger than what it measures.
"""

import json
import os
import subprocess
import sys
import time

target, *command = sys.argv[1:]
began = time.perf_counter()
process = subprocess.Popen(command)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - began
process.returncode = os.waitstatus_to_exitcode(status)
with open(target, "w", encoding="utf-8") as file:
    json.dump([process.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
