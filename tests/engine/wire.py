"""What the engine sends its providers, as plain Python values, and back.

A Struct knows only floats; secrets come wrapped, and what is not known before `up` comes as a marker.
"""

from google.protobuf import struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def read(struct):
    """A Struct's fields. Whole numbers become integers; secrets stay wrapped."""
    return {name: _value(value) for name, value in struct.fields.items()}


def written(values):
    """The Struct of a dictionary."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def secret(value):
    """A value that the engine keeps encrypted."""
    return {SIGNATURE: SECRET, "value": value}


def is_secret(value):
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def bare(value):
    """The value with every secret in it unwrapped."""
    if is_secret(value):
        return bare(value["value"])
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items()}
    return [bare(part) for part in value] if isinstance(value, list) else value


def unknown(value):
    """Whether any part of it is known only after `up`."""
    value = bare(value)
    if isinstance(value, dict):
        return any(map(unknown, value.values()))
    return any(map(unknown, value)) if isinstance(value, list) else value == UNKNOWN


def _value(message):
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return read(message.struct_value)
    if kind == "list_value":
        return [_value(part) for part in message.list_value.values]
    if kind == "number_value":
        number = message.number_value
        return int(number) if number.is_integer() else number
    return getattr(message, kind) if kind in ("string_value", "bool_value") else None
