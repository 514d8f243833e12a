"""For alerts on the service's own answers: when each fires, and when it keeps silent."""

from __future__ import annotations

from monitoring.promtool import Case
from monitoring.series import asked, own

ALWAYS = ("http_requests_in_flight", "model_ready", "audit_records_total", "http_requests_total")

REACH = {
    "ServiceDown": Case(
        fires={
            "no instance answers": {own("up"): "0x60", own("up", "b"): "0x60"},
            "there is none": {'up{job="another", namespace="services", instance="a"}': "1x60"},
        },
        silent={"one of two answers": {own("up"): "0x60", own("up", "b"): "1x60"}},
    ),
    "InstanceDown": Case(
        fires={"one of two": {own("up"): "0x60", own("up", "b"): "1x60"}},
        silent={
            "a short time": {own("up"): "1x55 0x5", own("up", "b"): "1x60"},
            "all of them, which is another alert": {own("up"): "0x60"},
        },
    ),
    "MetricsAbsent": Case(
        fires={
            name: {
                own("up"): "1x60",
                **{own(other): "1x60" for other in ALWAYS if other != name},
                **{own(other, "b"): "1x60" for other in ALWAYS},
            }
            for name in ALWAYS
        },
        silent={
            "all are there": {own(name): "1x60" for name in ("up", *ALWAYS)},
            "the instance is away": {own("up"): "0x60"},
        },
    ),
    "TrafficStopped": Case(
        fires={
            "the same instances": {asked("200"): "0+300x2010 603000x40"},
            "new instances": {asked("200"): "0+300x2010"},
        },
        silent={
            "as a week ago": {asked("200"): "0+300x2050"},
            "hardly any a week ago": {asked("200"): "0+25x2010 50250x40"},
            "new service": {asked("200"): "_x1000 0+300x1010 303000x40"},
        },
        at="10250m",
        step="5m",
    ),
}

MODEL = {
    "ModelNotLoaded": Case(
        fires={"nowhere": {own("model_ready"): "0x60", own("model_ready", "b"): "0x60"}},
        silent={"on one of two": {own("model_ready"): "0x60", own("model_ready", "b"): "1x60"}},
    ),
    "ModelReloadRefused": Case(
        fires={
            "the first refusal": {own("model_reloads_total", outcome="refused"): "0x100 1x20"},
            "a further one": {own("model_reloads_total", outcome="refused"): "1x100 2x20"},
        },
        silent={
            "one was loaded": {own("model_reloads_total", outcome="loaded"): "1x100 2x20"},
            "it was over an hour ago": {own("model_reloads_total", outcome="refused"): "0x40 1x80"},
            "Prometheus was away an hour ago": {own("model_reloads_total", outcome="refused"): "1x50 _x20 1x50"},
        },
        at="2h",
    ),
    "ModelVersionsDiffer": Case(
        fires={
            "two answer": {
                own("model_predictions_total", model="fraud", version="1"): "0+60x60",
                own("model_predictions_total", "b", model="fraud", version="2"): "0+60x60",
            }
        },
        silent={
            "the old one answers no more": {
                own("model_predictions_total", model="fraud", version="1"): "0+60x30 1800x30",
                own("model_predictions_total", model="fraud", version="2"): "0x30 0+60x30",
            },
            "they are different models": {
                own("model_predictions_total", model="fraud", version="1"): "0+60x60",
                own("model_predictions_total", model="other", version="2"): "0+60x60",
            },
        },
    ),
    "DegradedAnswers": Case(
        fires={"2 %": {asked("200"): "0+100x60", own("degraded_answers_total", how="default"): "0+2x60"}},
        silent={"0.5 %": {asked("200"): "0+1000x60", own("degraded_answers_total", how="default"): "0+5x60"}},
    ),
}

ERRORS = {
    "InternalErrors": Case(
        fires={"one a minute": {asked("500"): "0+1x60"}},
        silent={"two": {asked("500"): "0x50 1 2x10"}, "refusals": {asked("503"): "0+1x60"}},
    ),
    "CallersNotLetIn": Case(
        fires={"half": {asked("200"): "0+30x60", asked("401"): "0+30x60"}},
        silent={
            "one in ten": {asked("200"): "0+90x60", asked("401"): "0+10x60"},
            "hardly any calls": {asked("401"): "0+1x60"},
        },
    ),
    "CallersRateLimited": Case(
        fires={"half": {asked("200"): "0+30x60", asked("429"): "0+30x60"}},
        silent={"one in twenty": {asked("200"): "0+95x60", asked("429"): "0+5x60"}},
    ),
}

CASES = {**REACH, **MODEL, **ERRORS}
