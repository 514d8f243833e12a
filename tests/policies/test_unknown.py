"""An unknown value cannot be read, compared or counted: nothing a control does with it comes out as yes."""

import pytest

from readiness.facts.unknown import UNKNOWN, HoledItems, UnknownValue, guard

HELD = guard({"name": "web", "probe": UNKNOWN, "ports": [80, UNKNOWN], "deep": {"port": UNKNOWN}})
USES = {
    "its truth": bool,
    "its length": len,
    "an entry": lambda value: value["x"],
    "iteration": list,
    "equality": lambda value: value == "web",
    "inequality": lambda value: value != "web",
    "order": lambda value: value < 1,
    "membership": lambda value: "x" in value,
    "its text": str,
    "a number of it": int,
    "a method": lambda value: value.get("x"),
    "a sum": lambda value: value + 1,
    "a place in a set": lambda value: {value},
}
READINGS = {
    "by key": lambda held: held["probe"],
    "by get": lambda held: held.get("probe"),
    "by get with a default": lambda held: held.get("probe", {}),
    "whether it is there": lambda held: "probe" in held,
    "all values": lambda held: list(held.values()),
    "all items": lambda held: dict(held.items()),
    "a copy": dict,
    "unpacked": lambda held: {**held},
    "iteration": list,
    "in a list": lambda held: held["ports"][1],
    "all of a list": lambda held: list(held["ports"]),
    "membership of a list": lambda held: 443 in held["ports"],
    "a list added": lambda held: held["ports"] + [1],
    "a slice": lambda held: list(held["ports"][1:]),
    "deeper": lambda held: held["deep"]["port"],
    "compared": lambda held: held == {"name": "web", "probe": 1, "ports": [80, 1], "deep": {"port": 1}},
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_nothing_can_be_done_with_an_unknown_value(use):
    with pytest.raises(UnknownValue):
        use(UNKNOWN)


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_a_mapping_does_not_hand_an_unknown_value_out(reading):
    with pytest.raises(UnknownValue):
        reading(HELD)


def test_known_values_beside_it_can_be_read():
    assert HELD["name"] == "web"
    assert HELD.get("absent") is None
    assert "absent" not in HELD
    assert HELD["ports"][0] == 80
    assert isinstance(HELD["ports"][:1], HoledItems)


def test_the_message_names_what_is_unknown():
    with pytest.raises(UnknownValue, match="probe is not known"):
        HELD["probe"]
