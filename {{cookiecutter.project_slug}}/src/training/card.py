"""The model card: what a reader must know before relying on the model.

After Mitchell et al., "Model Cards for Model Reporting" (2019). It states what training knows, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.signature import Feature, Signature
from training.comparison import markdown_table, plain
from training.metrics import HIGHER_IS_BETTER

MAX_CATEGORIES = 20
"""Categories listed for one input; the rest are in signature.json."""

ANSWERS = {
    "binary": "one of two classes, as the probability of each",
    "multiclass": "one of several classes, as the probability of each",
    "regression": "a number",
}
WHEN = {
    "reject": "refused",
    "flag": "answered and flagged",
    "impute": "filled in and flagged",
}


def card(signature: Signature, lineage: Mapping[str, Any], gates: Mapping[str, Any]) -> str:
    """The card in Markdown; the same facts give the same text.

    Args:
        signature: what the model takes and gives.
        lineage: the bundle's lineage, with the metrics of model, baseline and slices.
        gates: the ``gates`` block of params.yaml.
    """
    sections = {
        "What it does": _purpose(signature, lineage),
        "Data": _data(lineage["data"]),
        "Performance": _performance(lineage, gates),
        "Slices": _slices(lineage["metrics"]["slices"], gates),
        "Inputs": _inputs(signature),
        "Limits": _limits(signature, lineage["data"]),
        "Intended use and ethical considerations": (
            "To be written by the owner, in the project's README. This card is made by training, which\n"
            "knows neither who uses the model, nor for what, nor whom its errors harm.\n"
        ),
    }
    body = "\n".join(f"## {heading}\n\n{text}" for heading, text in sections.items())
    return f"# Model card: {plain(lineage['model'])}\n\n{body}"


def _purpose(signature: Signature, lineage: Mapping[str, Any]) -> str:
    classes = f": {', '.join(map(plain, signature.classes))}" if signature.classes else ""
    return (
        f"It predicts **{plain(signature.target)}** from {len(signature.features)} inputs. Its answer is "
        f"{ANSWERS[signature.task]}{classes}.\n\n"
        f"- Model: {_estimator(lineage['estimator'])}\n"
        f"- Baseline that it must beat: {_estimator(lineage['baseline'])}\n"
        f"- Served as ONNX; on the test rows its answers differ from the fitted model's by at most "
        f"{lineage['parity']:.2g}\n"
    )


def _estimator(chosen: Mapping[str, Any]) -> str:
    parameters = ", ".join(f"{name} = {value}" for name, value in sorted(chosen["parameters"].items()))
    return plain(f"{chosen['name']} ({parameters})" if parameters else chosen["name"])


def _data(data: Mapping[str, Any]) -> str:
    return (
        f"- Source: {plain(data['source'])}\n"
        f"- Digest: `{data['digest']}`\n"
        f"- Rows: {data['rows']}; the model was fitted on {data['train']} and measured on {data['test']}\n"
        f"- Kept apart for measuring: {plain(data['split'])}\n"
    )


def _performance(lineage: Mapping[str, Any], gates: Mapping[str, Any]) -> str:
    measured, bounds = lineage["metrics"], gates["metrics"]
    rows = [
        [
            name,
            "higher" if HIGHER_IS_BETTER[name] else "lower",
            f"{value:.6g}",
            _number(measured["baseline"].get(name)),
            _bound(bounds.get(name, {})),
        ]
        for name, value in measured["model"].items()
    ]
    shown = markdown_table(["metric", "better when", "model", "baseline", "required"], rows)
    return f"Measured on {lineage['data']['test']} rows that the model was not fitted on.\n\n{shown}"


def _slices(slices: Mapping[str, Mapping[str, float]], gates: Mapping[str, Any]) -> str:
    if not slices:
        return "No slice is named in params.yaml: how the model does on parts of the data is not known.\n"
    names = [name for name in HIGHER_IS_BETTER if any(name in found for found in slices.values())]
    rows = [[part, *(_number(found.get(name)) for name in ("rows", *names))] for part, found in slices.items()]
    gate, required = gates["slices"], ""
    if gate:
        required = f"\nRequired of each: {gate['metric']} {_bound(gate)}, on at least {gate['rows']} rows.\n"
    return markdown_table(["slice", "test rows", *names], rows) + required


def _inputs(signature: Signature) -> str:
    rows = [[f.name, f.type, _expected(f), WHEN[f.on_missing], _otherwise(f)] for f in signature.features]
    return markdown_table(["input", "type", "expected", "when missing", "when outside"], rows)


def _expected(feature: Feature) -> str:
    if feature.type == "boolean":
        return "true or false"
    if feature.type == "number":
        return f"{_number(feature.minimum)} to {_number(feature.maximum)}"
    more = len(feature.categories) - MAX_CATEGORIES
    return ", ".join(feature.categories[:MAX_CATEGORIES]) + (f" and {more} more" if more > 0 else "")


def _otherwise(feature: Feature) -> str:
    if feature.type == "boolean":
        return WHEN["reject"]
    return WHEN[feature.on_range if feature.type == "number" else feature.on_unseen]


def _limits(signature: Signature, data: Mapping[str, Any]) -> str:
    lines = [
        f"The figures hold for rows like those of {plain(data['source'])}; they say nothing of "
        "other places, groups or times.",
        f"They come from {data['test']} rows; on as many other rows they would differ by chance alone.",
        "It finds what goes together in the data, not what causes what.",
        "Outside the expected values it was not measured, even where it answers.",
    ]
    if signature.task != "regression":
        lines.append("How far its probabilities can be taken at their word, the calibration plot of its run shows.")
    return "".join(f"- {line}\n" for line in lines)


def _bound(bound: Mapping[str, Any]) -> str:
    ends = [
        f"{words} {bound[end]:g}"
        for end, words in (("min", "at least"), ("max", "at most"))
        if bound.get(end) is not None
    ]
    return " and ".join(ends) or "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"
