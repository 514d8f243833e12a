"""The status page: what is being served, who let it, and how it is doing, for a person to read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from service.desk import Desk
from service.http.traffic import Traffic, traffic
from service.serving import Served
from service.settings import Settings
from service.signature import Feature

ASSETS = files("service.http") / "assets"
PAGE = Template((ASSETS / "page.html").read_text(encoding="utf-8"))
STATUS = Template((ASSETS / "status.html").read_text(encoding="utf-8"))
TASKS = {"binary": "Two-class classification", "multiclass": "Classification", "regression": "Regression"}
FEATURE = ("Name", "Type", "Trained on", "Other values", "If missing")


def status_page(desk: Desk, base: str) -> str:
    """The page.

    Args:
        desk: what is served, counted and set.
        base: the address under which the reader reached the service.
    """
    served, problem = desk.models.first.served, desk.models.first.problem
    seen = _traffic_section(traffic(desk.metrics))
    if served is None:
        why = problem.detail if problem else ""
        lead = "This service answers no predictions now: it has no model that it may serve."
        notice = _notice("Why", f"{why}. Approve a model and pull it: the service finds it by itself.")
        return _status("No model", "bad", "Not ready", lead, notice, seen)
    statement, signature = served.approval, served.bundle.signature
    lead = f"Version {statement.version} · {TASKS[signature.task]} · predicts {signature.target}"
    notice = _notice("A newer bundle was refused; this one goes on being served", problem.detail) if problem else ""
    made = [_approval(served), _quality(served), seen, _example(served, desk.settings, base)]
    sections = "".join([*made, _features(served), _lineage(served)])
    return _status(statement.model, "good", "Ready", lead, notice, sections)


def card_page(served: Served | None) -> str:
    """The model card as it was written."""
    text = served.bundle.card if served else "No model is loaded, so there is no model card."
    back = '<nav><a href="./">Status</a></nav>'
    return page("Model card", f'{back}<section><pre class="card">{escape(text)}</pre></section>')


def page(title: str, body: str) -> str:
    """A whole page around a body that is HTML already."""
    return PAGE.substitute(title=escape(title), body=body)


def _status(name: str, mood: str, state: str, lead: str, notice: str, sections: str) -> str:
    body = STATUS.substitute(
        name=escape(name), mood=mood, state=state, lead=escape(lead), notice=notice, sections=sections
    )
    return page(f"{name}: {state.lower()}", body)


def _notice(title: str, text: str) -> str:
    return f'<div class="notice" role="alert"><strong>{escape(title)}</strong><p>{escape(text)}</p></div>'


def _section(title: str, content: str, *, wide: bool = False) -> str:
    return f'<section class="{"wide" if wide else "half"}"><h2>{escape(title)}</h2>{content}</section>'


def _list(pairs: Iterable[tuple[str, str]]) -> str:
    """A definition list of names and values that are HTML already."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in pairs if value) + "</dl>"


def _code(text: str) -> str:
    return f"<code>{text}</code>" if text else ""


def _approval(served: Served) -> str:
    s = served.approval
    pairs = [
        ("Approved by", escape(s.approver)),
        ("Approved", _time(s.approved_at)),
        ("Note", escape(s.note)),
        ("Trained by", escape(s.trained_by)),
        ("Trained", _time(s.trained_at)),
    ]
    return _section("Approval", _list(pairs))


def _quality(served: Served) -> str:
    """What was measured: a line for each metric; a column each for model, baseline and slices."""
    metrics = served.bundle.lineage.get("metrics", {})
    columns = {name: metrics[name] for name in ("model", "baseline") if name in metrics} | metrics.get("slices", {})
    lines = dict.fromkeys(metric for part in columns.values() for metric in part)
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in columns)
    rows = "".join(
        f"<tr><td>{escape(metric.replace('_', ' '))}</td>"
        + "".join(f'<td class="number">{_figure(part.get(metric, ""))}</td>' for part in columns.values())
        + "</tr>"
        for metric in lines
    )
    table = f'<div class="scroll" tabindex="0"><table><tr><th></th>{head}</tr>{rows}</table></div>'
    return _section("Quality on test data", table)


def _lineage(served: Served) -> str:
    known = {key: value for key, value in served.bundle.lineage.items() if key not in {"model", "metrics"}}
    told = {"bundle": served.bundle.digest, "run": served.approval.run_id, **known}
    return _section("Lineage", _list((name.capitalize(), _code(value)) for name, value in _leaves(told)), wide=True)


def _leaves(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """Nested data as named texts."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{name} {key}".strip())
    else:
        yield name.replace("_", " "), _figure(value)


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def _traffic_section(seen: Traffic) -> str:
    tiles = {
        "rows answered": f"{seen.rows:,}",
        "requests": f"{sum(seen.statuses.values()):,}",
        "values flagged": f"{sum(seen.flags.values()):,}",
    }
    if seen.median is not None and seen.slow is not None:
        tiles |= {"median time": _duration(seen.median), "95% within": _duration(seen.slow)}
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles.items())
    details = [f"{status}: {count:,}" for status, count in seen.statuses.items()]
    details += [f"{kind.replace('_', ' ')}: {count:,}" for kind, count in seen.flags.items()]
    aside = f'<p class="aside">{escape(" · ".join(details))}</p>' if details else ""
    return _section("Predictions since the service started", f'<dl class="tiles">{shown}</dl>{aside}', wide=True)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _example(served: Served, settings: Settings, base: str) -> str:
    """A curl that works as it stands, where the key is known to be in a file; else with a place for the key."""
    golden, features = served.bundle.golden.rows[0], served.bundle.signature.features
    row = {feature.name: golden[feature.name] for feature in features if feature.name in golden}
    key = f"$(cat {shlex.quote(str(settings.local_key))})" if settings.local else "$API_KEY"
    command = (
        f"curl {shlex.quote(base + 'v1/predict')} \\\n"
        f'  -H "X-API-Key: {key}" \\\n'
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps({'rows': [row]}, ensure_ascii=False))}"
    )
    return _section("Try it", f'<pre tabindex="0">{escape(command)}</pre>', wide=True)


def _features(served: Served) -> str:
    head = "".join(f"<th>{name}</th>" for name in FEATURE)
    rows = "".join(_feature(feature) for feature in served.bundle.signature.features)
    return _section("Features", f'<table class="features"><tr>{head}</tr>{rows}</table>', wide=True)


def _feature(feature: Feature) -> str:
    known = {"text": ", ".join(feature.categories), "boolean": "true, false", "number": ""}[feature.type]
    if feature.minimum is not None and feature.maximum is not None:
        known = f"{feature.minimum:g} to {feature.maximum:g}"
    beyond = {"number": feature.on_range, "text": feature.on_unseen, "boolean": "reject"}[feature.type]
    words = {"reject": "refused", "flag": "answered, flagged", "impute": "imputed, flagged"}
    cells = zip(FEATURE, (feature.name, feature.type, known, words[beyond], words[feature.on_missing]), strict=True)
    return "<tr>" + "".join(f'<td data-label="{head}">{escape(cell)}</td>' for head, cell in cells) + "</tr>"


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return escape(text)
    return f'<time datetime="{escape(text)}">{moment.day} {moment:%B %Y, %H:%M} UTC</time>'
