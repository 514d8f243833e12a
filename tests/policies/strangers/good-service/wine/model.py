"""The model in use."""

import onnxruntime


class Model:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.version = self.session.get_modelmeta().version

    def run(self, row):
        return int(self.session.run(None, {"x": [list(row.values())]})[0][0])


def load(path):
    return Model(path)
