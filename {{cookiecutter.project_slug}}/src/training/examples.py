"""The example tables: real data that ships inside scikit-learn, so nothing is downloaded."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

_DIABETES_NAMES = {
    "bmi": "body mass index",
    "bp": "blood pressure",
    "s1": "total cholesterol",
    "s2": "low-density lipoproteins",
    "s3": "high-density lipoproteins",
    "s4": "cholesterol ratio",
    "s5": "log triglycerides",
    "s6": "blood sugar",
    "target": "progression",
}


def breast_cancer() -> pd.DataFrame:
    """Measures of cell nuclei from 569 biopsies; ``diagnosis`` is malignant or benign."""
    return _labelled(load_breast_cancer(as_frame=True), "diagnosis")


def wine() -> pd.DataFrame:
    """Chemical analyses of 178 wines; ``cultivar`` is one of three."""
    frame = _labelled(load_wine(as_frame=True), "cultivar")
    return frame.rename(columns={"od280/od315_of_diluted_wines": "od280 to od315"}).rename(
        columns=lambda name: name.replace("_", " ")
    )


def diabetes() -> pd.DataFrame:
    """Ten measures of 442 patients in their own units; ``progression`` of the disease a year later."""
    frame: pd.DataFrame = load_diabetes(as_frame=True, scaled=False).frame
    return frame.rename(columns=_DIABETES_NAMES)


EXAMPLES = {"breast-cancer": breast_cancer, "wine": wine, "diabetes": diabetes}


def _labelled(bunch: Any, target: str) -> pd.DataFrame:
    """The table of one of scikit-learn's classification examples, with names in place of class numbers."""
    frame: pd.DataFrame = bunch.frame.rename(columns={"target": target})
    labels = [str(name) for name in bunch.target_names]
    frame[target] = pd.Series([labels[number] for number in frame[target]], dtype="str")
    return frame
