"""Settings are read once, and all that is wrong with them is told at once, with what would do."""

import pulumi
import pytest
from sample import AWS, NAME, keys, loaded

from stacks.platform.errors import SettingsError


def refusal(config, stack="dev", secret_keys=()):
    with pytest.raises(SettingsError) as refused:
        loaded(config, stack, secret_keys)
    return str(refused.value).splitlines()


class TestSettings:
    def test_sound_settings_are_read(self):
        found = loaded(keys(cloud="aws", aws=AWS, pools=[{"size": 3}]), "prod")
        assert (found.environment, found.prod, found.dev) == ("prod", True, False)
        assert found.in_aws.account == "123456789012"
        assert found.pools[0].size == 3

    def test_all_that_is_wrong_is_told_at_once(self):
        wrong = keys(cloud="azure", owner=None, cost_centre="No Label", ownr="x", pools=[{"size": 0}, {"sise": 1}])
        told = refusal({**wrong, f"{NAME}:environment": "dev", "aws:region": "eu-central-1"}, "staging")
        assert told[0] == f"Pulumi.staging.yaml of {NAME} does not do:"
        for start in (
            "aws:region: does nothing here",
            "environment: the name of the stack says it",
            "cloud: Input should be 'kubernetes' or 'aws'",
            "owner: missing (the team that answers for it)",
            "cost_centre: String should match pattern",
            "ownr: there is no such setting; did you mean owner?",
            "pools.0.size: Input should be greater than or equal to 1 (how many)",
            "pools.1.size: missing (how many)",
            "pools.1.sise: there is no such setting; did you mean size?",
        ):
            assert [line for line in told if line.strip().startswith(start)], (start, told)
        assert len(told) == 10

    def test_a_stack_is_named_after_an_environment(self):
        assert "the stack is named 'test'; an environment is one of dev, staging, prod" in refusal(keys(), "test")[1]

    def test_what_a_cloud_needs_is_asked_for(self):
        assert refusal(keys(cloud="aws"))[1].strip().startswith("aws: needed because cloud is aws")

    @pytest.mark.parametrize(
        ("cloud", "more"), [("kubernetes", {"aws": AWS}), ("aws", {"aws": AWS, "context": "kind"})]
    )
    def test_what_would_do_nothing_is_refused(self, cloud, more):
        assert f"does nothing because cloud is {cloud}; remove it" in refusal(keys(cloud=cloud, **more))[1]

    def test_a_secret_must_be_stored_as_one(self):
        told = refusal(keys(token="do-not-show-this"))
        assert "token: a secret stored in clear" in told[1]
        assert "pulumi config set --secret token" in told[1]
        assert "do-not-show-this" not in "".join(told)
        kept = loaded(keys(token="do-not-show-this"), secret_keys=(f"{NAME}:token",))
        assert kept.token.get_secret_value() == "do-not-show-this"
        assert "do-not-show-this" not in repr(kept)

    def test_what_would_not_stay_a_secret_is_refused(self):
        assert "owner: no secret" in refusal(keys(), secret_keys=(f"{NAME}:owner",))[1]

    def test_the_message_comes_without_a_stack_trace(self):
        assert issubclass(SettingsError, pulumi.RunError)
