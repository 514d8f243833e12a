"""`python -m stacks` with the CLI that a user has, over four small stacks that read each other's outputs."""

import json
import os
import signal
from importlib.resources import files as package_files

import pytest

from engine.four import ORDER, Four
from project import until


@pytest.fixture
def four(tmp_path, standin):
    with standin.served() as providers:
        yield Four(tmp_path, providers)


def names(standin):
    """What was done since the last time, in order."""
    done = [call.name for call in standin.calls]
    standin.calls.clear()
    return done


def test_up_in_order_then_outputs_then_down_in_reverse(four, standin):
    four.run("up", "dev", "--yes")
    assert names(standin) == list(ORDER)
    printed, _ = four.run("outputs", "dev", "secrets", "registry")
    assert json.loads(printed) == {name: {"hidden": "[secret]", "size": 1} for name in ("secrets", "registry")}
    four.run("down", "dev", "--yes")
    assert names(standin) == list(reversed(ORDER))
    _, said = four.run("down", "dev", "--yes")
    assert said.count("nothing is up") == 4


def test_a_failure_stops_and_the_next_up_goes_on(four, standin):
    three = ORDER[:3]
    with standin.refusing("secrets"):
        _, said = four.run("up", "dev", *three, "--yes", code=1)
    assert said.splitlines()[-3:] == [
        "up of secrets failed (pulumi ended with 1)",
        "up of cluster: done",
        "up of registry: not begun",
    ]
    assert names(standin) == ["cluster"]
    four.run("up", "dev", *three, "--yes")
    assert names(standin) == ["secrets", "registry"], "a second up touches nothing that is there"


def test_no_stack_before_those_that_it_reads_and_none_gone_under_those_that_read_it(four, standin):
    _, said = four.run("preview", "dev")
    assert "secrets, registry, observability: no preview before cluster is up, whose outputs are read" in said
    _, said = four.run("preview", "dev", "registry", code=2)
    assert said == "registry: no preview before cluster, secrets is up, whose outputs are read\n"
    _, said = four.run("up", "dev", "secrets", "--yes", code=2)
    assert said == "secrets reads outputs of cluster: make up ENV=dev STACK=cluster\n"
    assert not standin.calls
    four.run("up", "dev", "secrets", "cluster", "--yes")
    assert names(standin) == ["cluster", "secrets"]
    _, said = four.run("down", "dev", "cluster", "--yes", code=2)
    assert said == "secrets stands on cluster: make down ENV=dev STACK=secrets\n"
    assert not standin.calls


def test_down_takes_nothing_where_something_is_protected(four, standin):
    four.set("cluster", "dev", cloud="kubernetes", size=1, keep="true")
    four.run("up", "dev", "cluster", "secrets", "--yes")
    standin.calls.clear()
    _, said = four.run("down", "dev", "--yes", code=2)
    assert said.startswith("cluster: cluster protected, so nothing is taken down; to give it up: cd stacks/cluster && ")
    assert not standin.calls
    four.pulumi(*said.split(" && pulumi ")[1].split(), "--yes", folder="stacks/cluster")
    four.run("down", "dev", "--yes")
    assert names(standin) == ["secrets", "cluster"]


def test_ctrl_c_lets_pulumi_end_in_good_order(four, standin):
    with standin.holding("cluster") as begun:
        process = four.start("up", "dev", "cluster", "secrets", "--yes")
        until(lambda: begun.is_set() or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert "up of secrets: not begun" in said
    assert "secrets" not in names(standin)
    four.run("up", "dev", "cluster", "--yes")
    assert set(names(standin)) <= {"cluster"}, "what was interrupted is gone on with"


def test_all_that_is_wrong_in_the_settings_is_said_before_anything_is_planned(four, standin):
    four.set("cluster", "dev", cloud="kubernetes", size="large")
    four.set("observability", "dev", cloud="kubernetes", sise=3)
    _, said = four.run("up", "dev", "--yes", code=2)
    for told in (
        "Pulumi.dev.yaml of airworthy-cluster does not do:\n  size: ",
        "Pulumi.dev.yaml of airworthy-observability does not do:\n",
        "sise: there is no such setting; did you mean size?",
    ):
        assert told in said
    assert not standin.calls


NO_PROVIDERS = {"PULUMI_DEBUG_PROVIDERS": None}
MISSING = {
    "no pulumi": (
        {"PATH": "/nowhere"},
        "dev",
        ["pulumi is not on the PATH: install the Pulumi CLI: https://www.pulumi.com/docs/install"],
    ),
    "no passphrase": (
        {"PULUMI_CONFIG_PASSPHRASE": None},
        "dev",
        ["PULUMI_CONFIG_PASSPHRASE is not set: it encrypts the secrets in the state; choose one and keep it safe"],
    ),
    "an empty passphrase": (
        {"PULUMI_CONFIG_PASSPHRASE": ""},
        "dev",
        ["PULUMI_CONFIG_PASSPHRASE is empty: anybody could read the secrets in the state; choose one"],
    ),
    "no passphrase file": (
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere/passphrase"},
        "dev",
        ["PULUMI_CONFIG_PASSPHRASE_FILE names /nowhere/passphrase, which is no file"],
    ),
    "no kubeconfig": (
        {**NO_PROVIDERS, "KUBECONFIG": "/nowhere/config"},
        "dev",
        ["no cluster: /nowhere/config does not exist; start one (kind create cluster) or set KUBECONFIG"],
    ),
    "no plugin": (
        {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "PULUMI_DEBUG_PROVIDERS": "kubernetes:1,random:1"},
        "dev",
        ["plugin tls {tls} is missing: pulumi plugin install resource tls {tls}"],
    ),
    "no credentials": (
        NO_PROVIDERS,
        "prod",
        [
            "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (aws configure)",
            "aws is not on the PATH: it signs in to EKS; install the AWS CLI: https://aws.amazon.com/cli",
        ],
    ),
    "no settings": (
        {},
        "staging",
        ["stacks/cluster/Pulumi.staging.yaml is missing; cluster has settings for: dev, prod"],
    ),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_said_with_what_to_do(four, what):
    variables, environment, lines = MISSING[what]
    versions = {"tls": plugin_version("tls")}
    _, said = four.run("up", environment, "--yes", code=2, **variables)
    assert said.splitlines() == [line.format(**versions) for line in lines]


def plugin_version(package):
    return json.loads(package_files(f"pulumi_{package}").joinpath("pulumi-plugin.json").read_text())["version"]


def test_a_cli_without_its_python_is_told(four):
    (four.folder / "bin/pulumi-language-python").unlink()
    _, said = four.run("preview", "dev", code=2)
    assert "came without pulumi-language-python, which runs Python programs: install the Pulumi CLI" in said


def test_a_cluster_that_does_not_answer_or_is_not_known_is_told(four):
    kubeconfig = four.folder / "kubeconfig"
    kubeconfig.write_text(
        "contexts: [{name: here, context: {cluster: here}}]\n"
        "clusters: [{name: here, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "current-context: here\n"
    )
    _, said = four.run("up", "dev", "--yes", code=2, **NO_PROVIDERS, KUBECONFIG=kubeconfig)
    assert "cluster here at https://127.0.0.1:1 does not answer (Connection refused); start it" in said
    four.set("cluster", "dev", cloud="kubernetes", size=1, context="there")
    _, said = four.run("up", "dev", "cluster", "--yes", code=2, **NO_PROVIDERS, KUBECONFIG=kubeconfig)
    assert "has no context there with a cluster (contexts: here); set context in the settings file" in said


def test_state_that_others_must_find_is_not_kept_on_this_machine(four):
    nowhere = {"PULUMI_BACKEND_URL": None}
    _, said = four.run("up", "prod", "--yes", code=2, **nowhere)
    assert "PULUMI_BACKEND_URL is not set and Pulumi is not logged in: set PULUMI_BACKEND_URL to s3://" in said
    four.pulumi("login", f"file://{four.folder / 'state'}", **nowhere)
    _, said = four.run("up", "prod", "--yes", code=2, **nowhere)
    assert "the state of prod would be on this machine only (file://" in said


def test_dev_keeps_its_state_at_home_by_default(four):
    four.run("preview", "dev", PULUMI_BACKEND_URL=None)
    assert list((four.folder / ".pulumi/stacks/airworthy-cluster").glob("dev.json"))


def test_nobody_to_ask_and_no_such_stack(four):
    _, said = four.run("up", "dev", code=2)
    assert said == "nobody can be asked whether to go on, as this is no terminal: make up ENV=dev YES=1\n"
    _, said = four.run("up", "dev", "clustre", code=2)
    assert said == "there is no stack clustre; did you mean cluster?\n"


def test_diff_shows_what_is_not_the_same_everywhere(four):
    four.set("registry", "dev", cloud="kubernetes", size=1, key="{secure: v1:abc}")
    printed, _ = four.run("diff", "dev", "registry", PATH="/nowhere")
    assert printed.splitlines() == [
        "registry: 5 of 7 settings differ",
        "               dev         prod",
        "  aws.account  —           000000000000",
        "  aws.region   —           eu-central-1",
        "  cloud        kubernetes  aws",
        "  key          (secret)    —",
        "  size         1           3",
    ]
