"""Who is told of an alert, how, and who is told next when nobody does anything: Alertmanager's configuration.

A page goes to whoever is on call at once and to the team's channel; while it goes on it reaches the second line. A
ticket goes to the channel; what is open for long reaches whoever is on call, without waking them. Nothing is dropped: a
severity or team that nobody knows goes to the channel of the team that answers for the platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RECEIVERS_SECRET = "alertmanager-receivers"
"""The Secret that Alertmanager mounts, whose keys are ``KEYS``."""

KEYS = ("on-call", "second-line", "tickets", "chat", "heartbeat")
"""Integration keys of three PagerDuty services, the address of the chat's incoming webhook, the heartbeat's token."""

WATCHDOG = "Watchdog"
"""The alert that always fires. Whoever gets its heartbeat tells somebody when it stops."""

_FOLDER = f"/etc/alertmanager/secrets/{RECEIVERS_SECRET}"
_TITLE = (
    "{{ .CommonLabels.severity | toUpper }} {{ .CommonLabels.alertname }}"
    "{{ with .CommonLabels.service }} of {{ . }}{{ end }}"
)
_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
    "{{ with .Annotations.runbook_url }}What to do: {{ . }}{{ end }}\n{{ end }}"
)


@dataclass(frozen=True)
class Routing:
    """What the configuration is made from.

    Attributes:
        channels: the chat channel of each team, by the ``team`` label of its alerts.
        default_team: the team that gets what names no team of these.
        heartbeat: the address that expects a sign of life every minute; no secret, as its token is in the Secret.
        page_escalates_after: how long a page may go on before the second line is told, such as ``15m``.
        ticket_escalates_after: how long a ticket may be open before whoever is on call is told, such as ``24h``.
    """

    channels: Mapping[str, str]
    default_team: str
    heartbeat: str
    page_escalates_after: str
    ticket_escalates_after: str


def alertmanager_config(routing: Routing, notify: bool = True) -> dict[str, Any]:
    """Alertmanager's configuration. It holds no secret: each is read from a file.

    Args:
        routing: who is told.
        notify: False routes all the same, but sends nothing: for an environment that nobody is on call for.
    """
    receivers = _receivers(routing)
    if not notify:
        receivers = [{"name": receiver["name"]} for receiver in receivers]
    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": _chat(routing.default_team),
            "group_by": ["alertname", "namespace", "service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [*_by_severity(routing), *_by_team(routing)],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity="page"', 'service!=""'],
                "target_matchers": ['severity=~"ticket|info"', 'service!=""'],
                "equal": ["namespace", "service"],
            }
        ],
        "receivers": receivers,
    }


def _by_severity(routing: Routing) -> list[dict[str, Any]]:
    """Each goes on to the team's channel, but for the heartbeat.

    A route waits ``group_wait`` before it tells of something new, and never tells of what is over by then: that is the
    escalation.
    """
    return [
        {
            "receiver": "heartbeat",
            "matchers": [f'alertname="{WATCHDOG}"'],
            "group_wait": "0s",
            "group_interval": "1m",
            "repeat_interval": "50s",  # below the interval, or every second one is left out
        },
        {"receiver": "on-call", "matchers": ['severity="page"'], "repeat_interval": "1h", "continue": True},
        {
            "receiver": "second-line",
            "matchers": ['severity="page"'],
            "group_wait": routing.page_escalates_after,
            "repeat_interval": "1h",
            "continue": True,
        },
        {
            "receiver": "tickets",
            "matchers": ['severity="ticket"'],
            "group_wait": routing.ticket_escalates_after,
            "repeat_interval": "24h",
            "continue": True,
        },
    ]


def _by_team(routing: Routing) -> list[dict[str, Any]]:
    teams = [{"receiver": _chat(team), "matchers": [f'team="{team}"']} for team in sorted(routing.channels)]
    return [*teams, {"receiver": _chat(routing.default_team)}]


def _receivers(routing: Routing) -> list[dict[str, Any]]:
    heartbeat = {
        "url": routing.heartbeat,
        "send_resolved": False,
        "http_config": {"authorization": {"credentials_file": f"{_FOLDER}/heartbeat"}},
    }
    return [
        {"name": "heartbeat", "webhook_configs": [heartbeat]},
        _pagerduty("on-call", "critical"),
        _pagerduty("second-line", "critical"),
        _pagerduty("tickets", "warning"),
        *(_slack(team, channel) for team, channel in sorted(routing.channels.items())),
    ]


def _pagerduty(key: str, severity: str) -> dict[str, Any]:
    service = {
        "routing_key_file": f"{_FOLDER}/{key}",
        "severity": severity,
        "description": _TITLE,
        "details": {"what": _TEXT, "firing": "{{ .Alerts.Firing | len }}"},
    }
    return {"name": key, "pagerduty_configs": [service]}


def _slack(team: str, channel: str) -> dict[str, Any]:
    chat = {
        "api_url_file": f"{_FOLDER}/chat",
        "channel": channel,
        "send_resolved": True,
        "title": _TITLE,
        "title_link": "{{ (index .Alerts 0).Annotations.runbook_url }}",
        "text": _TEXT,
    }
    return {"name": _chat(team), "slack_configs": [chat]}


def _chat(team: str) -> str:
    """The receiver of a team's channel."""
    return f"chat-{team}"
