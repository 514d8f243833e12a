"""Objectives, cost and owners: where they may be written down, and in which words."""

import pytest
from judged import aws, ci, kubernetes, refuses

COST = {"cost.md": "# Cost\n\n$ 420 a month.\n"}
MAKES_RULES = 'make("PrometheusRule")'


@pytest.mark.parametrize("kind", ["PrometheusServiceLevel", "ServiceLevelObjective", "SLO"])
def test_objects_that_are_objectives(kind):
    for control in ("G4.objectives-are-numbers", "G4.objectives-measured"):
        assert not refuses(control, kubernetes(kind), files={"a.md": ""})
        assert refuses(control, kubernetes("Service"), files={"a.md": ""})


@pytest.mark.parametrize(
    ("name", "text", "stated"),
    [
        *((f"{name}.yaml", "", True) for name in ("slo", "deploy/SLOs", "slo/availability")),
        ("src/slo.py", "", True),
        ("slo.txt", "", False),
        ("slow.yaml", "", False),
        *(("a.md", f"# SLO\n\n{figure}", True) for figure in ("99.9 %", "0.995", "200 ms", "20 milliseconds", "1.5 s")),
        *(("a.md", f"# {title}\n\n99 %", True) for title in ("Our SLAs", "service level", "OBJECTIVES")),
        ("a.md", "# Slot\n\n99 %", False),
        ("a.md", "# SLO\n\nFast.", False),
    ],
)
def test_objectives(name, text, stated):
    assert refuses("G4.objectives-are-numbers", files={name: text}) is not stated


@pytest.mark.parametrize(
    ("rule", "measured"),
    [
        *(({"record": name}, True) for name in ("slo:web", "web:error_ratio", "error_rate", "errorbudget")),
        *(({"alert": name}, True) for name in ("BudgetBurns", "Availability")),
        ({"alert": "Down"}, False),
    ],
)
def test_rules_that_measure_an_objective(rule, measured):
    rules = str({"groups": [{"name": "web", "rules": [{"expr": "up", **rule}]}]})
    assert refuses("G4.objectives-measured", files={"rules.yaml": rules}) is not measured


@pytest.mark.parametrize(
    ("maker", "burning", "measured"),
    [
        ("rules.py", "rates.py", True),
        ("mon/rules.py", "mon/deep/rates.py", True),
        ("mon/rules.py", "monitored/rates.py", False),
        ("mon/rules.py", "rates.py", False),
    ],
)
def test_code_that_makes_rules_measures_what_it_says_beside(maker, burning, measured):
    files = {maker: MAKES_RULES, burning: "alert('ErrorBudgetBurn')"}
    assert refuses("G4.objectives-measured", files=files) is not measured
    assert refuses("G4.objectives-measured", files={maker: MAKES_RULES, burning: "alert('Down')"})


@pytest.mark.parametrize(
    ("title", "text", "written"),
    [
        *(
            ("Cost", text, True)
            for text in ("€ 4", "£4", "4 USD", "4 EUR", "4 GBP", "4 dollars", "4 euros", "a budget")
        ),
        *((title, "$ 4", True) for title in ("What it costs", "Budget", "SPEND")),
        ("Price", "$ 4", False),
        ("Cost", "4 hours", False),
    ],
)
def test_costs(title, text, written):
    files = {"a.md": f"# {title}\n\n{text}", "a.tf": "google_billing_budget"}
    assert refuses("G5.cost-written-down", files=files) is not written


@pytest.mark.parametrize(
    ("files", "watched"),
    [
        *(({"a.tf": text}, True) for text in ("aws_budgets_budget", "azurerm_consumption_budget")),
        *(({"a.py": text}, True) for text in ("# aws.budgets", "budgets: dict", "google_billing_budget")),
        ({"a.txt": "aws_budgets_budget"}, False),
        *((ci(tool), True) for tool in ("infracost", "opencost", "kubecost")),
        (ci("echo infracost"), False),
    ],
)
def test_what_watches_costs(files, watched):
    assert refuses("G5.cost-written-down", files={**COST, **files}) is not watched


def test_a_planned_budget_watches_costs():
    assert not refuses("G5.cost-written-down", aws("aws:budgets/budget:Budget"), files=COST)
    assert refuses("G5.cost-written-down", aws("aws:s3/bucket:Bucket"), files=COST)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        *((name, "owner: ml", True) for name in ("web.yaml", "templates/web.tpl")),
        *(("main.tf", text, True) for text in ('tags = {owner = "ml"}', 'cost-center = "1"', '"CostCentre": 1')),
        ("web.yaml", "steam: 1", False),
        ("web.txt", "owner: ml", False),
        (".github/a.yaml", "owner: ml", False),
        ("docs/a.yaml", "owner: ml", False),
        *(("main.py", f"import {name}\nrun('team: ml')", True) for name in ("pulumi", "aws_cdk", "cdktf")),
        ("main.py", "import web\nrun('team: ml')", False),
    ],
)
def test_owners(name, text, named):
    assert refuses("G5.owner-named", files={name: text}) is not named
