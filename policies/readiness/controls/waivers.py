"""S5: what is let pass for a while has an owner, a reason and an end, and is narrow."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.unread import Unread
from readiness.facts.waivers import Waiver
from readiness.waiving import entries, faults


def waivers(facts: Facts) -> tuple[Waiver | Unread, ...]:
    return facts.once(entries)


@control(
    id="S5.waivers-sound",
    title="Every waiver names one control, an owner, a reason and a day within 90 days",
    why="a gap without an owner and an end is forgotten, and a broad waiver hides gaps that nobody has seen",
    remedy="readiness waive CONTROL --reason REASON --until YYYY-MM-DD --owner WHO; or close the gap, delete the entry",
    severity="high",
    kind="repository",
    sources=("NIST SP 800-53 CA-5, PM-4",),
    subjects=waivers,
    waivable=False,
)
def waivers_sound(one: Waiver | Unread, facts: Facts) -> Iterator[Problem]:
    if isinstance(one, Unread):
        yield Problem(one.why, remedy=one.remedy)
        return
    others = [other for other in waivers(facts) if isinstance(other, Waiver)]
    for fault in faults(one, others, facts.now.date()):
        yield Problem(fault)


CONTROLS = (waivers_sound,)
