"""What holds for our stacks in every environment, tried on the real engine: each test file takes it for one."""

import pytest
from pulumi import automation as auto

from engine.estate import Estate, secrets
from engine.memory import Memory
from engine.runs import Runs
from engine.standin import StandIn
from needs import need_command


class Life:
    """From nothing to up, changed, and down again.

    Attributes:
        environment: dev, staging or prod.
        changes: settings, each with a new value and the logical names of all that may be touched by it.
        protected: types of which all must refuse to go, and types of which none may.
    """

    environment = ""
    changes = ()
    protected = (frozenset(), frozenset())

    @pytest.fixture(scope="class")
    @classmethod
    def estate(cls, tmp_path_factory):
        """All stacks, up. What preview and up told is kept in ``estate.told``."""
        need_command("pulumi")
        standin = StandIn(dict.fromkeys(("aws", "kubernetes", "random", "tls"), Memory()))
        with standin.served() as providers:
            estate = Estate(Runs(tmp_path_factory.mktemp("runs"), standin, providers), cls.environment)
            estate.told = {}
            for name in estate.names:
                stack = estate.stack(name)
                estate.told[name] = estate.runs.preview(stack), estate.runs.up(stack)
            estate.made = standin.touched()
            yield estate

    def test_up_does_what_preview_showed(self, estate):
        for name, (previewed, done) in estate.told.items():
            assert previewed == done, (name, previewed, done)
            assert done.keys() == {"create"}, name

    def test_a_second_up_changes_nothing(self, estate):
        assert {kind for told in estate.up().values() for kind in told} == {"same"}
        assert not estate.runs.standin.touched()

    def test_one_setting_changed_touches_only_what_it_is_about(self, estate):
        for name, path, value, touched in self.changes:
            estate.change(name, path, value)
            estate.up(name)
            assert estate.runs.standin.touched() == touched, path

    def test_secrets_are_encrypted_in_the_state_and_nowhere_in_clear(self, estate):
        hidden = secrets(estate.runs.standin)
        assert len(hidden) > 5
        texts = {**estate.runs.kept(), "what was printed": "".join(estate.runs.said)}
        assert any("ciphertext" in text for text in texts.values())
        for where, text in texts.items():
            assert not [secret for secret in hidden if secret in text], where

    def test_what_is_protected_refuses_to_go(self, estate):
        always, never = self.protected
        kept = {name: estate.resources(name) for name in estate.names}
        for resource in (resource for found in kept.values() for resource in found):
            assert resource["type"] not in (never if resource.get("protect") else always), resource["urn"]
        assert always <= {resource["type"] for found in kept.values() for resource in found}
        guarded = {name: _protected(found) for name, found in kept.items() if _protected(found)}
        assert bool(guarded) == bool(always)
        for name, urns in guarded.items():
            with pytest.raises(auto.errors.CommandError, match="protected"):
                estate.runs.destroy(estate.stack(name))
            assert _protected(estate.resources(name)) == urns, "the engine takes what is not protected, and only that"

    def test_destroy_leaves_nothing_but_what_must_be_kept(self, estate):
        """The last, as nothing is there after it. In prod, data stays in the cloud whoever deletes its stack."""
        kept = {
            (resource["type"], resource["id"])
            for name in estate.names
            for resource in estate.resources(name)
            if resource.get("retainOnDelete")
        }
        for name in estate.names:
            estate.runs.unprotect(estate.stack(name))
        estate.destroy()
        assert not [resource for name in estate.names for resource in estate.resources(name)]
        assert estate.runs.standin.stores["aws"].things.keys() == kept
        assert bool(kept) == (self.environment == "prod")


def _protected(resources):
    return {resource["urn"] for resource in resources if resource.get("protect")}
