"""The page of figures: `bench/results/serving.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from serving.plan import MAIN
from serving.summary import COMPARED, Figures, find
from serving.targets import Target

MODELS = {"forest": "random forest, 100 trees", "boosted": "boosted trees, 100", "mlp": "small neural network (32, 16)"}


def page(
    machine: dict[str, Any], plan: dict[str, Any], figures: Sequence[Figures], targets: Sequence[Target], more: Any
) -> str:
    """All of it, in Markdown."""
    main = [one for one in figures if (one["model"], one["workers"]) == ("forest", 1)]
    main.sort(key=lambda one: -one.get("to_bare", 0))
    parts = (
        ["# Serving: figures", "", *_head(machine, plan), ""],
        ["![Requests a second, latency, start and memory of each server](serving.png)", ""],
        ["## Targets", "", *_targets(targets), ""],
        [f"## One row a request, {MAIN} connections, one worker, random forest", "", *_main(main, machine), ""],
        ["## Connections, and rows a request", "", *_kinds(main), ""],
        ["## Other models, and two workers", "", *_others(figures), ""],
        ["## The service alone", "", *_alone(more)],
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(machine: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    lines = [
        f"Measured {machine['date']} on {machine['cores']} cores ({machine['processor']}), {machine['system']},",
        f"{machine['memory_gib']} GiB, CPython {machine['python']}, wrk {machine['wrk']}; {packages};",
        f"commit {machine['commit']}. Medians of {plan['rounds']} round(s); in each, all servers in turn, with",
        "the load from the same cores. Ratios to bare uvicorn are to what it did in the same minute,",
        "that of p99 to its median in the run.",
    ]
    if plan["rounds"] < 5:
        lines += ["", "**A quick run, to see that it works: no figures to quote.**"]
    return lines


def _targets(targets: Sequence[Target]) -> list[str]:
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = [(target.aim, target.found if target.met is not None else "", words[target.met]) for target in targets]
    return _table(("target", "figure", ""), rows)


def _main(main: Sequence[Figures], machine: dict[str, Any]) -> list[str]:
    head = ("server", "rps", "of bare", "ours to it", "CPU µs a request", "p50 ms", "p99 ms", "alone p50 µs", "start s")
    rows = []
    for one in main:
        title = f"{one['title']} {machine['peers'].get(one['server'], '')}".strip()
        if "loads" not in one:
            rows.append((title, f"could not be measured: {one['errors'][-1]}", *[""] * 9))
            continue
        load = one["loads"][COMPARED]
        rows.append(
            (
                f"**{title}**" if one["server"] == "ours" else title,
                f"{load['rps']:,.0f}",
                f"{one['to_bare']:.3f}",
                f"{one['ours_to_it']:.1f}" if "ours_to_it" in one else "",
                f"{load['cpu_us']:,.0f}",
                f"{load['p50_ms']:.1f}",
                f"{load['p99_ms']:.1f}",
                f"{one['alone_us']:,.0f}",
                f"{one['start_s']:.1f}",
                f"{one['idle_mb']:,.0f}",
                f"{one['bad']:.0f}",
            )
        )
    failed = [one for one in main if one["errors"]]
    notes = [f"- {one['title']} failed in {len(one['errors'])} round(s): {one['errors'][-1]}" for one in failed]
    return [*_table((*head, "idle MB", "not 200"), rows), *([""] if notes else []), *notes]


def _kinds(main: Sequence[Figures]) -> list[str]:
    kinds = sorted({tuple(map(int, kind.split("x"))) for one in main for kind in one.get("loads", ())})
    head = [f"{rows} row{'s' * (rows > 1)} × {connections}" for rows, connections in kinds]
    lines = []
    for one in main:
        loads = one.get("loads", {})
        lines.append((one["title"], *(_cell(loads.get(f"{rows}x{connections}")) for rows, connections in kinds)))
    return ["Requests a second · p99 in ms, by rows a request × connections.", "", *_table(("server", *head), lines)]


def _others(figures: Sequence[Figures]) -> list[str]:
    rows = []
    for one in figures:
        if "loads" in one and (one["model"] != "forest" or one["workers"] != 1):
            load, usual = one["loads"][COMPARED], find(figures, one["server"]) or {}
            rows.append(
                (
                    one["title"],
                    MODELS.get(one["model"], one["model"]),
                    str(one["workers"]),
                    f"{load['rps']:,.0f}",
                    f"{one['to_bare'] / usual['to_bare']:.2f}" if "to_bare" in usual else "",
                    f"{load['cpu_us']:,.0f}",
                    f"{load['p99_ms']:.1f}",
                )
            )
    head = ("server", "model", "workers", "rps", "times forest, one worker", "CPU µs a request", "p99 ms")
    return _table(head, rows) if rows else ["Not measured."]


def _alone(more: dict[str, Any]) -> list[str]:
    """A line on each."""
    lines = [_costs(more["costs"])] if "costs" in more else []
    lines += [_overload(run) for run in more.get("overload", ())]
    if tokens := more.get("tokens"):
        pairs = "; ".join(f"{run['key_rps']:,.0f} and {run['jwt_rps']:,.0f}" for run in tokens)
        lines.append(f"- API key and token, rps: {pairs}.")
    if reloads := more.get("reloads"):
        lines.append(_reloads(reloads))
    if soak := more.get("soak"):
        lines.append(_soak(soak))
    lines += [f"- {name}: could not be measured: {reason}" for name, reason in more.get("errors", {}).items()]
    return lines or ["Not measured."]


def _costs(found: dict[str, float]) -> str:
    parts = [f"{control} {microseconds:.0f}" for control, microseconds in found.items()]
    return f"- CPU time of a request, in µs: {parts[0]}; of this: {', '.join(parts[1:])}."


def _overload(run: dict[str, Any]) -> str:
    return (
        f"- Overload, {run['rows']} row(s) a request: peak {run['peak_rps']:,.0f} rps; {run['sent']:.2f} times of it"
        f" sent. In time: {run['goodput']:.2f} of the peak, p99 {run['answered_p99_ms']:.0f} ms. Refused:"
        f" {run['refused']:.0%}, in {run['refused_p50_ms']:.1f} ms (p99 {run['refused_p99_ms']:.1f})."
        f" Statuses: {run['statuses']}."
    )


def _soak(run: dict[str, Any]) -> str:
    return (
        f"- {run['seconds'] / 60:g} minutes of full load, {run['requests']:,} requests ({run['bad']} without a 200):"
        f" {run['early_mb']:.1f} MB early, {run['late_mb']:.1f} late; {run['growth_mb_a_day']:+.0f} MB a day."
    )


def _reloads(run: dict[str, Any]) -> str:
    return (
        f"- {run['reloads']} reloads at {run['rate']:,.0f} rps. The p99 of half a second: {run['calm_p99_ms']:.1f} ms"
        f" before (worst {run['calm_worst_ms']:.1f}), {run['reload_p99_ms']:.1f} ms around a reload (worst"
        f" {run['reload_worst_ms']:.1f}). {run['lost']} requests lost, {run['late']} not sent in time; the new model"
        f" {'serves' if run['new_model_serves'] else 'does **not** serve'}."
    )


def _cell(load: dict[str, float] | None) -> str:
    return f"{load['rps']:,.0f} · {load['p99_ms']:.1f}" if load else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
