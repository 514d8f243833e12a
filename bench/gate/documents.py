"""Manifests to be judged: services of five objects each, as a chart would print them."""

from __future__ import annotations

import json
from pathlib import Path

IN_SERVICE = 5
SERVICE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: services, labels: {app: NAME}}
spec:
  revisionHistoryLimit: 5
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      serviceAccountName: NAME
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 45
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: NAME}}
      containers:
        - name: service
          image: registry.example.com/NAME@sha256:DIGEST
          ports: [{name: http, containerPort: 8080}]
          env: [{name: SERVICE_NAME, value: NAME}]
          resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 512Mi}}
          livenessProbe: {httpGet: {path: /healthz, port: http}}
          readinessProbe: {httpGet: {path: /readyz, port: http}}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts: [{name: tmp, mountPath: /tmp}]
      volumes: [{name: tmp, emptyDir: {sizeLimit: 256Mi}}]
---
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: services}
spec: {selector: {app: NAME}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: NAME, namespace: services}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: NAME}
  minReplicas: 3
  maxReplicas: 12
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME, namespace: services}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: NAME}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: NAME, namespace: services}
spec:
  podSelector: {matchLabels: {app: NAME}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {role: ingress}}}], ports: [{port: http}]}]
"""


def write(folder: Path, count: int) -> Path:
    """A file with so many documents, a multiple of ``IN_SERVICE``."""
    services = (
        SERVICE.replace("NAME", f"service-{at}").replace("DIGEST", f"{at:064x}") for at in range(count // IN_SERVICE)
    )
    file = folder / f"{count}.yaml"
    file.write_text("---\n".join(services), encoding="utf-8")
    return file


def judged(report: str) -> int:
    """How many of the documents a report of `readiness manifests --format json` is about."""
    return len({result["resource"] for result in json.loads(report)["results"]})
