"""CI and make: steps that are there and run nothing, run nobody, or stop nothing; what CI may do."""

from faults.fault import fault
from faults.files import deleted, matched, replaced

GITHUB, GITLAB, JENKINS = ".github/workflows/ci.yml", ".gitlab-ci.yml", "Jenkinsfile"
TESTS = {
    "M3.alert-rules-tested": "the tests try the rules by promtool",
    "R4.load-test-run": "the load test is one of the tests",
}

TABLE = (
    fault("nothing deploys but people", deleted(".github/workflows/deploy.yml"), "G2.deployed-by-workflow"),
    fault(
        "nothing looks for known vulnerabilities",
        matched(".github/workflows/audit.yml", r"^ *- run: make audit\n", ""),
        "S4.vulnerabilities-scanned",
    ),
    fault("GitHub runs no tests", matched(GITHUB, r"^ *- run: make test\n", ""), "G2.tests-run", also=TESTS),
    fault(
        "tests that fail stop nothing",
        matched(GITHUB, r"^( *- run: make test)$", r"\1 || true"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "the step of the tests may fail",
        matched(GITHUB, r"^( *)- run: make test$", r"\g<0>\n\1  continue-on-error: true"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "the step of the tests is switched off",
        matched(GITHUB, r"^( *)- run: make test$", r"\g<0>\n\1  if: false"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "the job of the tests may fail",
        matched(GITHUB, r"^  check:$", "  check:\n    continue-on-error: true"),
        "G2.tests-run",
        "S2.secrets-scanned",
        also=TESTS,
    ),
    fault(
        "CI runs only when somebody starts it",
        matched(GITHUB, r"^on:\n(  .*\n)*", "on: workflow_dispatch\n"),
        "G2.tests-run",
        "S2.secrets-scanned",
        "D1.image-built-in-ci",
        also=TESTS,
    ),
    fault(
        "the tests are only listed",
        replaced("Makefile", "python -m pytest -n $(JOBS)", "python -m pytest --collect-only -n $(JOBS)"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "make ignores that tests fail",
        replaced("Makefile", "\t@$(RUN) python -m pytest", "\t-@$(RUN) python -m pytest"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "make test says that all is well",
        matched("Makefile", r"^\t@\$\(RUN\) python -m pytest.*", "\t@echo ok"),
        "G2.tests-run",
        also=TESTS,
    ),
    fault(
        "the target of the tests is named otherwise",
        matched("Makefile", r"^test: setup", "tests: setup"),
        "G2.tests-run",
        "G3.commands-exist",
        also=TESTS,
    ),
    fault(
        "there are no tests",
        deleted("tests/.*"),
        "G2.tests-run",
        also={
            "M3.alert-rules-tested": "those of the rules are gone, too",
            "R4.load-test-run": "the load test is gone, too",
            "R4.load-test-judges": "there is none to judge",
        },
    ),
    fault("GitHub does not lint", matched(GITHUB, r"^ *- run: make lint\n", ""), "S2.secrets-scanned"),
    fault("GitHub builds no image", matched(GITHUB, r"^ *- run: make image\n", ""), "D1.image-built-in-ci"),
    fault("make image builds nothing", matched("Makefile", r"^\t\$\(BUILD\).*\n", ""), "D1.image-built-in-ci"),
    fault(
        "an action by a branch",
        matched(GITHUB, r"actions/checkout@v[0-9.]+", "actions/checkout@main"),
        "S4.actions-fixed",
    ),
    fault(
        "an action without a version", matched(GITHUB, r"actions/cache@v[0-9.]+", "actions/cache"), "S4.actions-fixed"
    ),
    fault(
        "somebody's action by a tag",
        matched(GITHUB, r"actions/setup-python@v[0-9.]+", "somebody/setup-python@v2"),
        "S4.actions-fixed",
    ),
    fault(
        "CI may do everything",
        matched(GITHUB, r"^permissions:\n  contents: read", "permissions: write-all"),
        "S1.ci-few-rights",
    ),
    fault(
        "CI does not say what it may do", matched(GITHUB, r"^permissions:\n  contents: read\n", ""), "S1.ci-few-rights"
    ),
    fault(
        "CI runs the title of a pull request",
        replaced(GITHUB, "- run: make types", "- run: echo ${{ github.event.pull_request.title }}"),
        "S1.ci-no-strangers",
    ),
    fault(
        "CI runs a stranger's commit with its rights",
        lambda draft: draft.files.update(
            {
                GITHUB: draft.read(GITHUB)
                .replace("pull_request:", "pull_request_target:")
                .replace("persist-credentials: false", "ref: ${{ github.event.pull_request.head.sha }}")
            }
        ),
        "S1.ci-no-strangers",
    ),
    fault(
        "a workflow that cannot be read",
        replaced(GITHUB, "jobs:", "jobs: {"),
        "S5.readable-code",
        also={
            "G2.tests-run": "what cannot be read runs no tests that anybody knows of",
            "D1.image-built-in-ci": "nor does it build an image",
            "S2.secrets-scanned": "nor does it look for secrets",
            "S1.ci-few-rights": "nor does it say what it may do",
            "S1.ci-no-strangers": "nor whom it trusts",
            **TESTS,
        },
    ),
    fault("GitLab runs no tests", matched(GITLAB, r"^ *- make test\n", ""), "G2.tests-run", also=TESTS, ci="gitlab"),
    fault(
        "GitLab's tests may fail",
        matched(GITLAB, r"^check:$", "check:\n  allow_failure: true"),
        "G2.tests-run",
        "S2.secrets-scanned",
        also=TESTS,
        ci="gitlab",
    ),
    fault(
        "GitLab's tests wait for somebody",
        matched(GITLAB, r"^check:$", "check:\n  when: manual"),
        "G2.tests-run",
        "S2.secrets-scanned",
        also=TESTS,
        ci="gitlab",
    ),
    fault(
        "GitLab's job is hidden",
        matched(GITLAB, r"^check:$", ".check:"),
        "G2.tests-run",
        "S2.secrets-scanned",
        also=TESTS,
        ci="gitlab",
    ),
    fault("GitLab does not lint", matched(GITLAB, r"^ *- make lint\n", ""), "S2.secrets-scanned", ci="gitlab"),
    fault("GitLab builds no image", matched(GITLAB, r"^ *- make image\n", ""), "D1.image-built-in-ci", ci="gitlab"),
    fault(
        "Jenkins runs no tests",
        replaced(JENKINS, "sh 'make test'", "echo 'later'"),
        "G2.tests-run",
        also=TESTS,
        ci="jenkins",
    ),
    fault(
        "Jenkins ignores that tests fail",
        replaced(JENKINS, "sh 'make test'", "sh 'make test || true'"),
        "G2.tests-run",
        also=TESTS,
        ci="jenkins",
    ),
    fault(
        "Jenkins only asks whether tests fail",
        replaced(JENKINS, "sh 'make test'", "sh script: 'make test', returnStatus: true"),
        "G2.tests-run",
        also=TESTS,
        ci="jenkins",
    ),
    fault(
        "Jenkins' tests are a comment",
        replaced(JENKINS, "sh 'make test'", "echo 'x' // sh 'make test'"),
        "G2.tests-run",
        also=TESTS,
        ci="jenkins",
    ),
    fault(
        "Jenkins does not lint", replaced(JENKINS, "sh 'make lint'", "echo 'later'"), "S2.secrets-scanned", ci="jenkins"
    ),
    fault(
        "Jenkins builds no image",
        replaced(JENKINS, "sh 'make image'", "echo 'later'"),
        "D1.image-built-in-ci",
        ci="jenkins",
    ),
)
