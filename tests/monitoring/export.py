"""What a project deploys for its monitoring, printed as JSON by the project's own Python.

python export.py SERVICE, with the project, its src and its tests on PYTHONPATH
"""

import json
import sys

from deploy.monitoring import dashboards, rules
from monitoring.pages import pages


def main(service):
    found = {
        "rules": rules(service, "risk", "https://git.example/runbooks"),
        "dashboards": dashboards(service),
        "pages": {name: page.queries for name, page in pages().items()},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
