"""Source: what the service asks of its callers, checks, records and measures; what training leaves behind."""

import re

from faults.fault import fault
from faults.files import appended, deleted, matched, replaced, texts

OPEN_ROUTE = """

def more(app: FastAPI) -> None:
    @app.post("/v1/retrain")
    async def retrain(rows: int) -> dict[str, int]:
        return {"rows": rows}
"""
OF_MODELS = r'"\w*(predict|model|class|label|score|decision|feature)\w*"'
REGISTER = "create_model_version|create_registered_model|register|log_artifacts?"
REQUEST_ID = r"(?i)opentelemetry|(x[-_])?(request|correlation|trace)[-_]?id|traceparent"
ROUTES = "src/service/http/.*"
ENTER = "        await desk.enter(call)\n"

TABLE = (
    fault(
        "the prediction asks nobody who they are",
        replaced("src/service/http/predict.py", ENTER, ""),
        "S1.routes-authenticated",
    ),
    fault(
        "MLflow's protocol asks nobody who they are",
        replaced("src/service/http/invocations.py", ENTER, ""),
        "S1.routes-authenticated",
    ),
    fault("a new route that asks nobody", appended("src/service/app.py", OPEN_ROUTE), "S1.routes-authenticated"),
    fault(
        "the desk identifies nobody",
        matched("src/service/desk.py", r"await self\.auth\.identify\(call\.asked\)", "ANYBODY"),
        "S1.routes-authenticated",
    ),
    fault(
        "the service runs in debug mode",
        replaced("src/service/app.py", 'title="Model service"', 'title="Model service", debug=True'),
        "S1.no-debug-mode",
    ),
    fault(
        "the approval's signature is not verified",
        matched("src/service/approval.py", r"^        key\.verify\(.*\)$", "        pass"),
        "G2.approval-enforced",
    ),
    fault(
        "the service verifies no approval",
        matched(
            "src/service/serving.py",
            r"approval\.verify\(approval\.Approval\.from_json\(text\), found, approvers, allow_self=allow_self\)",
            "approval.Approval.from_json(text).statement",
        ),
        "G2.approval-enforced",
    ),
    fault(
        "the step of approving goes, and training promotes", deleted("src/service/approval.py"), "G2.approval-enforced"
    ),
    fault(
        "no route says that it lives",
        texts(ROUTES, lambda text: re.sub(r'"/(healthz|ping|health|v2/health/live)"', '"/internal/status"', text)),
        "D3.health-routes",
    ),
    fault(
        "no route says that it can answer",
        texts(ROUTES, lambda text: re.sub(r'"/(readyz|v2/health/ready)"', '"/internal/status"', text)),
        "D3.health-routes",
    ),
    fault(
        "readiness always says yes",
        matched(
            "src/service/http/health.py", r"        if reason := desk\.unready:\n.*\n        return", "        return"
        ),
        "D3.readiness-looks",
    ),
    fault(
        "no decision is recorded",
        matched(
            "src/service/desk.py",
            r"^        if self\.audit is not None:\n            await self\.audit\.record\(.*\)\n",
            "",
        ),
        "S5.decisions-recorded",
    ),
    fault(
        "the record is neither chained nor signed",
        texts(
            "src/service/audit/.*",
            lambda text: re.sub(r"\b(sign|hmac|sha256|sha512|blake2b|Ed25519PrivateKey)\b", "left_out", text),
        ),
        "S5.record-sealed",
    ),
    fault(
        "metrics are shown nowhere",
        matched("src/service/http/health.py", r'(?s)    @routes\.get\("/metrics".*?media_type=CONTENT_TYPE\)\n', ""),
        "M1.metrics-exported",
    ),
    fault(
        "a metric that nothing counts",
        appended(
            "src/service/metrics.py",
            '\nFORGOTTEN = Counter("predictions_forgotten_total", "Predictions that nobody counts.")\n',
        ),
        "M1.metrics-updated",
    ),
    fault(
        "the service prints",
        replaced("src/service/http/invocations.py", ENTER, ENTER + "        print(call)\n"),
        "M5.no-print",
    ),
    fault(
        "a call that may wait for ever",
        appended(
            "src/service/signature.py",
            "\n\ndef fetch(url):\n    from urllib import request\n\n    return request.urlopen(url).read()\n",
        ),
        "R3.calls-limited-in-time",
    ),
    fault(
        "a call that checks no certificate",
        appended(
            "src/training/storage.py",
            "\n\ndef fetch(url):\n    import httpx\n\n    return httpx.get(url, verify=False).content\n",
        ),
        "S3.tls-verified",
    ),
    fault(
        "TLS without certificates",
        appended(
            "src/service/tls.py", "\n\ndef lenient() -> ssl.SSLContext:\n    return ssl._create_unverified_context()\n"
        ),
        "S3.tls-verified",
    ),
    fault(
        "the service serves whichever version is the latest",
        appended(
            "src/service/models.py",
            "\n\ndef newest():\n    import mlflow\n\n    return mlflow.pyfunc.load_model('models:/m/latest')\n",
        ),
        "G1.served-version-fixed",
    ),
    fault(
        "a module that cannot be read",
        appended("src/service/cost.py", "\ndef half(:\n"),
        "S5.readable-code",
        also=dict.fromkeys(
            (
                "G1.served-version-fixed",
                "R3.calls-limited-in-time",
                "S1.no-debug-mode",
                "S2.no-secret-in-files",
                "S3.tls-verified",
                "S4.model-files-inert",
            ),
            "what cannot be read may hold it",
        ),
    ),
    fault(
        "no program trains",
        deleted("src/training/.*"),
        "G1.training-is-code",
        also={
            "G1.lineage-recorded": "training records the commit",
            "G1.model-registered": "training registers the version",
        },
    ),
    fault(
        "nothing writes a model card",
        texts("(src|deploy|scripts)/.*[.]py", lambda text: re.sub(r"(?i)model[_-]?card", "summary", text)),
        "G3.model-card",
    ),
    fault(
        "the load test judges nothing",
        texts(
            "tests/load/locustfile.py|tests/model/test_serving.py",
            lambda text: re.sub(
                "quitting|exit_code|fail_ratio|returncode|p9[59]", "left", text.replace("assert ", "left = ")
            ),
        ),
        "R4.load-test-judges",
    ),
    fault(
        "nothing starts the load test",
        deleted("tests/model/test_serving.py"),
        "R4.load-test-run",
        also={"R4.load-test-judges": "what starts it is what judges"},
    ),
    fault(
        "nothing records which commit trained a model",
        texts(
            "(src|deploy|scripts)/.*[.]py", lambda text: re.sub(r"rev-parse|GITHUB_SHA|git[._]commit", "left-out", text)
        ),
        "G1.lineage-recorded",
    ),
    fault(
        "no version is registered",
        texts("(src|scripts)/.*[.]py", lambda text: re.sub(rf"\b({REGISTER})\(", "left_out(", text)),
        "G1.model-registered",
    ),
    fault(
        "nothing is counted of the model",
        texts("src/service/metrics.py", lambda text: re.sub(OF_MODELS, '"calls_total"', text)),
        "M1.model-measured",
        also={"M3.series-exported": "alerts ask for these series"},
    ),
    fault(
        "no request has an id",
        texts("src/service/.*[.]py", lambda text: re.sub(REQUEST_ID, "left_out", text)),
        "M5.logs-by-request",
    ),
    fault(
        "logs are plain text",
        texts("src/service/.*[.]py", lambda text: re.sub("pythonjsonlogger|Formatter", "Lines", text)),
        "M5.logs-structured",
    ),
    fault(
        "no breaker around what is called",
        texts("src/service/.*[.]py", lambda text: text.replace("Breaker", "Counter")),
        "R3.circuit-breaker",
        "R3.calls-limited-in-time",
    ),
    fault(
        "nothing is refused",
        texts("src/service/.*[.]py", lambda text: re.sub(r"\b(429|503|507|limit_concurrency)\b", "500", text)),
        "R3.overload-refused",
    ),
    fault(
        "what is deployed names no owner",
        texts("(deploy|src|scripts)/.*", lambda text: re.sub(r"owner|team|cost[-_]?cent(er|re)", "who", text)),
        "G5.owner-named",
    ),
)
