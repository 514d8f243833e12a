"""Alerts and dashboards of the service, made from the same definitions by which it counts.

Pure functions: :func:`rules` and :func:`dashboards`. ``deploy`` puts what they return onto the cluster;
``runbooks/`` says what to do when an alert fires.
"""

from deploy.monitoring.dashboards import dashboards
from deploy.monitoring.rules import rules
from deploy.monitoring.slo import Slo, SloError

__all__ = ["Slo", "SloError", "dashboards", "rules"]
