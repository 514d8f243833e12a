"""The 28 tests of the ML Test Score as data: section, number, title, and what shows that a machine repeats each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from readiness.control import AnyControl, Verdict
from readiness.controls.alert_rules import is_test
from readiness.controls.approval import owners_review
from readiness.controls.documentation import rollback_command_exists
from readiness.controls.drift import drift_alerted, drift_watched, outcomes_compared
from readiness.controls.lineage import fits, training_is_code
from readiness.controls.load_tests import load_test_judges, load_test_run
from readiness.controls.measured import metric_names
from readiness.controls.rollback_command import rollback_command
from readiness.controls.supply_chain import updates_automated
from readiness.facts import Facts
from readiness.facts.module import Module

Find = Callable[[Facts], str]


@dataclass(frozen=True, slots=True)
class Test:
    """One test of the paper.

    Attributes:
        title: what is true when it passes, in our words.
        looks_for: what would show it, for whoever has to add it.
        find: says where a machine repeats it, empty for nowhere; None for a test that only people can do.
    """

    section: str
    number: int
    title: str
    looks_for: str
    find: Find | None

    @property
    def id(self) -> str:
        return f"{self.section} {self.number}"


def run_tests(facts: Facts) -> tuple[Module, ...]:
    """The tests that CI runs and stops for; none of those that nothing runs."""
    runs = any(is_test(call) and not call.ignored for call in facts.pipelines.calls)
    return facts.code.tests if runs else ()


def run_code(facts: Facts) -> tuple[Module, ...]:
    """What CI runs of the pipeline, and the service; no tests."""
    stages = facts.code.run_by(facts.pipelines.calls)
    return tuple(module for module in (*stages, *facts.code.serving) if not module.test)


def named(modules: Iterable[Module], pattern: str) -> str:
    """The first place where a module imports, names or calls something of this pattern."""
    wanted = re.compile(pattern, re.IGNORECASE)
    for module in modules:
        for name in (*module.names, *module.packages):
            if wanted.search(name):
                return f"{module.file}:{module.names.get(name, 1)}"
    return ""


def in_code(pattern: str) -> Find:
    return lambda facts: named(run_code(facts), pattern)


def in_tests(pattern: str) -> Find:
    """A function of a test that CI runs, by its name."""

    def find(facts: Facts) -> str:
        for module in run_tests(facts):
            for function in module.functions:
                if function.name.startswith("test") and re.search(pattern, function.name, re.IGNORECASE):
                    return f"{module.file}:{function.lineno}"
        return ""

    return find


def tests_of(pattern: str) -> Find:
    """A test that CI runs and that imports a module of this repository whose path matches."""

    def find(facts: Facts) -> str:
        for module in run_tests(facts):
            for target in sorted(facts.code.links[module.file]):
                if re.search(pattern, target, re.IGNORECASE) and not facts.code.modules[target].test:
                    return module.file
        return ""

    return find


def in_calls(pattern: str) -> Find:
    """A program that CI runs by itself."""

    def find(facts: Facts) -> str:
        for call in facts.pipelines.calls:
            if not call.ignored and re.search(pattern, call.text):
                return f"{call.file}:{call.line}"
        return ""

    return find


def met(*controls: AnyControl) -> Find:
    """Controls of the gate that all pass."""

    def find(facts: Facts) -> str:
        places = []
        for control in controls:
            findings = list(control.findings(facts))
            if not findings or any(one.verdict is not Verdict.PASS for one in findings):
                return ""
            places.append(control.id)
        return ", ".join(places)

    return find


def either(*finds: Find) -> Find:
    return lambda facts: next((where for find in finds if (where := find(facts))), "")


def canaried(facts: Facts) -> str:
    for resource in facts.resources.of("Rollout", "Canary", "InferenceService"):
        if "canary" in str(dict(resource.body)).lower():
            return resource.file or resource.label
    return ""


def metric(pattern: str) -> Find:
    return lambda facts: next((name for name in sorted(metric_names(facts)) if re.search(pattern, name)), "")


def alerted(pattern: str) -> Find:
    """An alert on series of this pattern."""

    def find(facts: Facts) -> str:
        for rule in facts.rules.alerts:
            if re.search(pattern, f"{rule.alert} {rule.expr}", re.IGNORECASE):
                return f"{rule.file}:{rule.line}"
        return ""

    return find


def trained_in_ci(facts: Facts) -> str:
    for module in facts.code.run_by(facts.pipelines.calls):
        if fits(module):
            return module.file
    return ""


SECTIONS: dict[str, tuple[tuple[str, str, Find | None], ...]] = {
    "data": (
        (
            "What is expected of each feature stands in a schema",
            "a schema that the pipeline enforces (pandera, Great Expectations, TFDV)",
            in_code(r"^(pandera|great_expectations|tensorflow_data_validation|tfdv)$|schema_file|validate_schema"),
        ),
        (
            "Every feature helps",
            "a test that judges each feature by ablation or permutation, and that CI runs; a plot alone judges nothing",
            in_tests(r"ablation|importance|useless|without_(a|each)_feature|every_feature"),
        ),
        ("No feature costs more than it brings", "a budget for each feature", in_code(r"feature_?(cost|budget)")),
        (
            "Features keep to the rules of the house",
            "a list of forbidden or allowed features that the pipeline enforces",
            in_code(r"(forbidden|prohibited|banned|allowed|protected)_?(features?|columns?|sources?)"),
        ),
        (
            "The pipeline keeps personal data from those who may not see it",
            "pseudonyms or redaction of personal data in the pipeline",
            in_code(
                r"anonymi[sz]|pseudonymi[sz]|(^|_)pii(_|$)|^presidio|^opacus$|differential_privacy|redact_personal"
            ),
        ),
        ("A new feature reaches production quickly", "a timed exercise, signed", None),
        (
            "All code that makes features is tested",
            "tests of the feature code that CI runs",
            tests_of(r"feature|preprocess|transform|encod|signature"),
        ),
    ),
    "model": (
        (
            "Each model's specification is reviewed and kept under version control",
            "training as code, and owners who review it (CODEOWNERS)",
            met(training_is_code, owners_review),
        ),
        ("What is measured offline predicts what matters online", "a comparison of both, signed", None),
        (
            "All hyperparameters were tuned",
            "a search that the pipeline runs",
            in_code(r"GridSearch|RandomizedSearch|HalvingRandomSearch|^optuna$|^hyperopt$|BayesSearch|^skopt$"),
        ),
        ("The cost of an old model is known", "a test of older models on newer data", in_tests(r"stale|older_model")),
        (
            "A simpler model is not better",
            "a baseline that the pipeline compares with",
            in_code(r"^Dummy(Classifier|Regressor)$|baseline"),
        ),
        (
            "Quality suffices on every slice that matters",
            "metrics by slice that the pipeline judges",
            in_code(r"^slices?$|slice_metrics|by_slice|MetricFrame|subgroup"),
        ),
        (
            "The model was examined for inclusion",
            "a fairness metric that the pipeline judges",
            in_code(r"^(fairlearn|aif360)$|demographic_parity|equali[sz]ed_odds|disparate_impact|fairness"),
        ),
    ),
    "infrastructure": (
        (
            "Training twice gives the same model",
            "a test that trains twice and compares",
            in_tests(r"reproducib|train\w*_(twice|again)|(twice|same|identical|determinis)\w*_(train|model|bundle)"),
        ),
        (
            "The model's specification has unit tests",
            "tests of estimators or training code that CI runs",
            tests_of(r"estimator|model_spec|(^|/)(fit|train|trainer|model)\.py$"),
        ),
        (
            "The whole pipeline is tested together",
            "a job that trains, or a test that runs the pipeline",
            either(
                trained_in_ci, in_calls(r"\bdvc repro\b|\btrain(ing)?(\.py)?\b"), in_tests(r"pipeline|end_to_end|e2e")
            ),
        ),
        (
            "Quality is judged before a model may serve",
            "a gate in CI or in the pipeline",
            either(in_calls(r"\b(gates?|validate[_-]model|quality)\b"), in_tests(r"quality|accuracy|gate|floor")),
        ),
        (
            "A single prediction can be followed step by step",
            "a tool that explains one prediction, tested",
            in_code(r"^(shap|lime|captum|alibi|interpret)$|^explain(er|_\w+)?$"),
        ),
        ("A model meets little traffic before it meets all", "a canary (Rollout, Canary, InferenceService)", canaried),
        (
            "A model can be rolled back quickly and safely",
            "a rollback command that exists, and a test that uses it",
            lambda facts: (
                in_tests(r"roll_?back|rolled_back")(facts) and met(rollback_command, rollback_command_exists)(facts)
            ),
        ),
    ),
    "monitoring": (
        ("A change of a dependency is noticed", "Renovate or Dependabot", met(updates_automated)),
        (
            "Live input keeps to what is expected of it",
            "a metric of violated expectations",
            metric(r"flag|invalid|violation|out_of_range|schema|missing_values"),
        ),
        (
            "Training and serving compute the same",
            "a test of parity, or golden rows at load",
            either(in_tests(r"skew|parity|golden|agree|alike"), in_code(r"train_serve_skew")),
        ),
        (
            "A model that grows old is noticed",
            "an alert on the model's age",
            alerted(r"stale|model_age|trained_timestamp"),
        ),
        (
            "Impossible numbers are noticed",
            "a check for NaN and infinity in the service",
            lambda facts: named(facts.code.serving, r"^is_?(nan|finite|inf)$"),
        ),
        (
            "Speed and memory do not get worse unnoticed",
            "a load test that CI runs and that judges",
            met(load_test_run, load_test_judges),
        ),
        (
            "Quality of live answers does not get worse unnoticed",
            "outcomes that are compared, and an alert",
            met(drift_watched, outcomes_compared, drift_alerted),
        ),
    ),
}

TESTS: tuple[Test, ...] = tuple(
    Test(section, number, title, looks_for, find)
    for section, rows in SECTIONS.items()
    for number, (title, looks_for, find) in enumerate(rows, 1)
)
