"""What a project's deployment plans, as JSON lines: run with the project's own Python, source and tests.

python objects.py ENVIRONMENT SETTINGS, with ROOT, SRC and TESTS of the project on PYTHONPATH
"""

import json
import sys

from planning import plan

for one in plan(sys.argv[1], outputs={}, **json.loads(sys.argv[2])).objects:
    print(json.dumps(one.inputs))
