"""One line for each decision, chained to the line before by SHA-256."""

import hashlib
import json
import time

head = "0" * 64


def record(request_id, caller, version, row, quality):
    global head
    line = json.dumps([head, time.time(), request_id, caller, version, row, quality])
    head = hashlib.sha256(line.encode()).hexdigest()
    with open("/audit/decisions.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def outcome(request_id, quality):
    return "right" if f'"{request_id}"' in open("/audit/decisions.jsonl", encoding="utf-8").read() else "unknown"
