"""From typed columns to the model's input, exactly as the service makes it from a request."""

from __future__ import annotations

import numpy as np
import pandas as pd

from service.signature import MISSING_TEXT, Blocks, Signature


def blocks(frame: pd.DataFrame, signature: Signature) -> Blocks:
    """What ``signature.decode`` makes of the same rows, for a whole table at once.

    The table has passed its schema, so nothing is checked here.
    """
    made: Blocks = {}
    if signature.numeric:
        made["numeric"] = np.empty((len(frame), len(signature.numeric)), dtype=np.float32)
        for place, feature in enumerate(signature.numeric):
            made["numeric"][:, place] = frame[feature.name].to_numpy(dtype=np.float32, na_value=np.nan)
    if signature.text:
        made["text"] = np.empty((len(frame), len(signature.text)), dtype=object)
        for place, feature in enumerate(signature.text):
            made["text"][:, place] = frame[feature.name].fillna(MISSING_TEXT).to_numpy(dtype=object)
    return made
