"""Compares what is asked with what the model was trained on."""

import collections
import json
import pathlib

from scipy.stats import ks_2samp

from wine.measures import DRIFT

REFERENCE = json.loads(pathlib.Path("reference.json").read_text())
seen = collections.defaultdict(lambda: collections.deque(maxlen=1000))


def observe(row: dict) -> None:
    for name, value in row.items():
        seen[name].append(value)
        if len(seen[name]) == 1000:
            DRIFT.labels(name).set(ks_2samp(REFERENCE[name], seen[name]).statistic)
            seen[name].clear()
