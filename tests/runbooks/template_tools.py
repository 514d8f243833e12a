"""The generated project's own tools for trying alerts and reading pages, which serve the platform's just as well."""

import sys

from repository import BRACED, ROOT

sys.path.append(str(ROOT / BRACED / "tests"))

from monitoring.kubectl import kubectl
from monitoring.pages import pages
from monitoring.promql import as_rules, metrics_in
from monitoring.promtool import Case, Promtool

__all__ = ["Case", "Promtool", "as_rules", "kubectl", "metrics_in", "pages"]
