"""For each SLO alert: when it fires, and when it keeps silent."""

from __future__ import annotations

from monitoring.promtool import Case
from monitoring.series import asked, failing, slow

CASES = {
    "AvailabilityFastBurn": Case(
        fires={"2 % for an hour": failing((175, 600, 0), (35, 600, 12)), "0.7 % for six": failing((210, 600, 4.2))},
        silent={
            "0.5 %": failing((210, 600, 3)),
            "it was over 40 minutes ago": failing((165, 600, 0), (25, 600, 12), (20, 600, 0)),
            "nine in the hour": failing((180, 2, 0), (30, 2, 0.3)),
            "callers' own faults": {asked("200"): "0+600x210", asked("422"): "0+600x210", asked("429"): "0+600x210"},
            "another route": {asked("200"): "0+600x210", asked("503", "/readyz"): "0+600x210"},
        },
        at="7h",
        step="2m",
    ),
    "AvailabilitySlowBurn": Case(
        fires={
            "0.4 % for a day": failing((200, 1000, 0), (100, 1000, 4)),
            "0.15 % for three": failing((300, 1000, 1.5)),
        },
        silent={
            "0.08 %": failing((300, 1000, 0.8)),
            "it was over eight hours ago": failing((166, 1000, 0), (100, 1000, 4), (33, 1000, 0)),
            "nine in three days": failing((300, 3, 0.03)),
        },
        at="75h",
        step="15m",
    ),
    "LatencyFastBurn": Case(
        fires={"20 % for an hour": slow((175, 600, 0), (35, 600, 120)), "8 % for six": slow((210, 600, 48))},
        silent={
            "5 %": slow((210, 600, 30)),
            "it was over 40 minutes ago": slow((165, 600, 0), (25, 600, 120), (20, 600, 0)),
            "nine in the hour": slow((180, 2, 0), (30, 2, 0.3)),
        },
        at="7h",
        step="2m",
    ),
    "LatencySlowBurn": Case(
        fires={"4 % for a day": slow((200, 1000, 0), (100, 1000, 40)), "1.5 % for three": slow((300, 1000, 15))},
        silent={
            "0.8 %": slow((300, 1000, 8)),
            "it was over eight hours ago": slow((166, 1000, 0), (100, 1000, 40), (33, 1000, 0)),
            "nine in three days": slow((300, 3, 0.03)),
        },
        at="75h",
        step="15m",
    ),
}
