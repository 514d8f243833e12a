"""The function that rotates: nobody is refused meanwhile, and the service takes what it writes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from generated_service import Refused
from manager import Manager

from stacks.secrets.rotation.function import RotationError, rotate

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
OVERLAP = timedelta(days=7)
PATH = "airworthy/prod/diagnosis"
CALLER, REGISTRY, KEYS = f"{PATH}/callers/web", f"{PATH}/registry", f"{PATH}/api-keys"


@pytest.fixture
def manager():
    """Secrets as the stack begins them."""
    made = Manager()
    made.add(KEYS, "{}")
    made.add(CALLER, "{}", scopes="predict feedback")
    made.add(REGISTRY, "{}")
    return made


@pytest.fixture
def holder(service, manager):
    """Whom the service takes a key for at a time, and what it allows: holder(key, when)."""
    return lambda key, when: service.holder(manager.value(KEYS), key, when)


def turn(manager, name, when=START):
    """One whole rotation; returns the value that is now current."""
    manager.rotate(name, lambda event: rotate(manager, event, when, OVERLAP))
    return json.loads(manager.value(name))


class TestCallers:
    def test_the_first_rotation_makes_a_key_that_the_service_knows(self, manager, holder):
        value = turn(manager, CALLER)
        assert holder(value["api-key"], START) == ("web", ["feedback", "predict"])

    def test_a_key_was_known_to_the_service_before_it_came_into_use(self, manager, holder):
        first = turn(manager, CALLER)
        assert holder(first["next"], START)[0] == "web"
        assert turn(manager, CALLER, START + timedelta(days=90))["api-key"] == first["next"]

    def test_a_replaced_key_works_for_the_overlap_and_no_longer(self, manager, holder):
        old = turn(manager, CALLER)["api-key"]
        later = START + timedelta(days=90)
        turn(manager, CALLER, later)
        assert holder(old, later + OVERLAP - timedelta(seconds=1))[0] == "web"
        with pytest.raises(Refused, match="the API key expired"):
            holder(old, later + OVERLAP)

    def test_the_file_does_not_grow(self, manager):
        for number in range(6):
            turn(manager, CALLER, START + timedelta(days=30 * number))
        assert len(json.loads(manager.value(KEYS))["web"]) == 3

    def test_keys_of_others_are_left_alone(self, manager):
        manager.put_secret_value(SecretId=KEYS, SecretString='{"batch": [{"sha256": "00", "created": "x"}]}')
        turn(manager, CALLER)
        assert json.loads(manager.value(KEYS))["batch"] == [{"sha256": "00", "created": "x"}]

    def test_a_file_that_people_wrote_is_understood(self, manager, holder):
        old = turn(manager, CALLER)
        written = json.loads(manager.value(KEYS))  # as the service's own command writes it
        written["web"] = [{**record, "expires": None} for record in written["web"]]
        manager.put_secret_value(SecretId=KEYS, SecretString=json.dumps(written))
        later = START + timedelta(days=90)
        new = turn(manager, CALLER, later)
        for key in (old["api-key"], new["api-key"], new["next"]):
            assert holder(key, later)[0] == "web"

    def test_the_file_holds_no_key(self, manager):
        value = turn(manager, CALLER)
        assert not any(key in manager.value(KEYS) for key in value.values())

    def test_steps_may_be_repeated(self, manager):
        token = manager.begin(CALLER)
        for step in (
            "createSecret",
            "createSecret",
            "setSecret",
            "setSecret",
            "testSecret",
            "finishSecret",
            "finishSecret",
        ):
            rotate(manager, {"Step": step, "SecretId": CALLER, "ClientRequestToken": token}, START, OVERLAP)
        assert len(json.loads(manager.value(KEYS))["web"]) == 2

    def test_a_change_that_was_overwritten_stops_the_rotation(self, manager):
        before = manager.value(CALLER)

        def step(event):
            rotate(manager, event, START, OVERLAP)
            if event["Step"] == "setSecret":  # somebody else writes what they read before
                manager.put_secret_value(SecretId=KEYS, SecretString="{}")

        with pytest.raises(RotationError, match="does not know the keys of web"):
            manager.rotate(CALLER, step)
        assert manager.value(CALLER) == before


class TestRegistry:
    def test_the_account_in_use_is_among_the_accounts(self, manager):
        value = turn(manager, REGISTRY)
        assert value["MLFLOW_TRACKING_USERNAME"] == "diagnosis-1"
        assert value["diagnosis-1"] == value["MLFLOW_TRACKING_PASSWORD"]
        assert len({value[f"diagnosis-{number}"] for number in (1, 2, 3)}) == 3

    def test_what_is_in_use_was_known_before_and_is_known_after(self, manager):
        values = [turn(manager, REGISTRY) for _ in range(7)]
        for before, value, after in zip(values, values[1:], values[2:], strict=False):
            name, password = value["MLFLOW_TRACKING_USERNAME"], value["MLFLOW_TRACKING_PASSWORD"]
            assert before[name] == value[name] == after[name] == password
        assert len({value["MLFLOW_TRACKING_PASSWORD"] for value in values}) == 7

    def test_an_account_that_is_not_among_them_stops_the_rotation(self, manager):
        token = manager.begin(REGISTRY)
        broken = json.dumps(
            {"MLFLOW_TRACKING_USERNAME": "diagnosis-1", "MLFLOW_TRACKING_PASSWORD": "x", "diagnosis-1": "y"}
        )
        manager.put_secret_value(
            SecretId=REGISTRY, SecretString=broken, ClientRequestToken=token, VersionStages=("AWSPENDING",)
        )
        with pytest.raises(RotationError, match="not among the accounts"):
            rotate(manager, {"Step": "testSecret", "SecretId": REGISTRY, "ClientRequestToken": token}, START, OVERLAP)


class TestRefusals:
    def test_a_version_that_is_none(self, manager):
        with pytest.raises(RotationError, match="has no version unknown"):
            rotate(manager, {"Step": "setSecret", "SecretId": CALLER, "ClientRequestToken": "unknown"}, START, OVERLAP)

    def test_a_step_that_is_none(self, manager):
        event = {"Step": "dropSecret", "SecretId": CALLER, "ClientRequestToken": manager.begin(CALLER)}
        with pytest.raises(RotationError, match="no step 'dropSecret'"):
            rotate(manager, event, START, OVERLAP)

    def test_a_secret_of_another_kind(self, manager):
        manager.add(f"{PATH}/audit-key", "-")
        token = manager.begin(f"{PATH}/audit-key")
        event = {"Step": "createSecret", "SecretId": f"{PATH}/audit-key", "ClientRequestToken": token}
        with pytest.raises(RotationError, match="neither a registry account nor a caller's key"):
            rotate(manager, event, START, OVERLAP)
