"""The stand-in and the real engine, on a small program: what the tests of the stacks build on."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest
from pulumi import automation as auto

SECRET = "planted-secret-value"


def small(size="1", name="app", aliases=(), protect=False):
    """A password in a Secret, an object that reads it, a bucket that hangs on both."""

    def program():
        password = random.RandomPassword("password", length=24)
        options = pulumi.ResourceOptions(protect=protect)
        kubernetes.core.v1.Secret(
            "credentials",
            metadata={"name": "credentials", "namespace": "services"},
            string_data={"password": password.result, "planted": pulumi.Output.secret(SECRET)},
            opts=options,
        )
        bucket = aws.s3.Bucket("data", bucket="airworthy-data", tags={"size": size})
        labels = {"bucket": bucket.arn}
        kubernetes.core.v1.ConfigMap(
            name,
            metadata={"name": "app", "namespace": "services", "annotations": labels},
            opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name=alias) for alias in aliases]),
        )
        pulumi.export("arn", bucket.arn)
        pulumi.export("password", password.result)

    return program


def stack(runs, **changes):
    return runs.stack(small(**changes), "small", "dev")


def test_a_second_up_changes_nothing(runs):
    first = stack(runs)
    assert runs.preview(first) == {"create": 5}
    assert not runs.standin.touched(), "a preview must do nothing"
    assert runs.up(first) == {"create": 5}
    assert runs.standin.touched() == {"password", "credentials", "data", "app"}
    assert runs.up(first) == {"same": 5}
    assert not runs.standin.touched()


def test_one_change_touches_what_it_is_about(runs):
    runs.up(stack(runs))
    runs.standin.touched()
    runs.up(stack(runs, size="2"))
    assert runs.standin.touched() == {"data"}


def test_a_renamed_resource_is_kept_by_its_alias_and_replaced_without(runs):
    runs.up(stack(runs))
    runs.standin.touched()
    assert runs.up(stack(runs, name="application", aliases=["app"])) == {"same": 5}
    assert not runs.standin.touched()
    with pytest.raises(auto.errors.CommandError, match="exists already"):
        runs.up(stack(runs, name="renamed"))


def test_a_failure_in_the_middle_is_gone_on_from(runs):
    with runs.standin.refusing("data"), pytest.raises(auto.errors.CommandError, match="told to fail"):
        runs.up(stack(runs))
    made = runs.standin.touched()
    assert "password" in made
    assert "app" not in made, "it needs the bucket"
    runs.up(stack(runs))
    assert runs.standin.touched() == {"password", "credentials", "data", "app"} - made


def test_destroy_leaves_nothing_and_the_protected_refuses(runs):
    runs.up(stack(runs, protect=True))
    with pytest.raises(auto.errors.CommandError, match="protected"):
        runs.destroy(stack(runs, protect=True))
    runs.up(stack(runs))
    runs.destroy(stack(runs))
    assert not runs.state(stack(runs))
    assert not runs.standin.stores["aws"].things


def test_secrets_are_nowhere_in_clear(runs):
    run = stack(runs)
    runs.preview(run)
    runs.up(run)
    password = run.outputs()["password"]
    assert password.secret
    texts = {**runs.kept(), "said": "".join(runs.said)}
    assert any("ciphertext" in text for text in texts.values())
    for name, text in texts.items():
        assert SECRET not in text, name
        assert password.value not in text, name
