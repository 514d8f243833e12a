"""Times of cron, as Velero and Kubernetes read them (robfig/cron v3, its standard parser)."""

from __future__ import annotations

import re

RATE = re.compile(r"@(hourly|daily|midnight|weekly|monthly|yearly|annually|every (\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+)")
ZONE = re.compile(r"(CRON_)?TZ=\S+ +")
PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/0*[1-9]\d*)?")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# For minute, hour, day of the month, month and day of the week: the least and the greatest value, and names.
FIELDS: tuple[tuple[int, int, list[str]], ...] = ((0, 59, []), (0, 23, []), (1, 31, []), (1, 12, MONTHS), (0, 6, DAYS))


def is_time(text: str) -> bool:
    """Whether a schedule can be read: five fields within their ranges, or a rate such as ``@daily``."""
    told = text[zone.end() :] if (zone := ZONE.match(text)) else text
    if told.startswith("@"):
        return RATE.fullmatch(told) is not None
    fields = told.split()
    return len(fields) == len(FIELDS) and all(map(in_range, fields, FIELDS))


def in_range(field: str, limits: tuple[int, int, list[str]]) -> bool:
    least, greatest, names = limits
    numbers = {name: number for number, name in enumerate(names, least)}
    for part in field.split(","):
        match = PART.fullmatch(part)
        if match is None:
            return False
        ends = [numbers.get(end.lower(), int(end) if end.isdecimal() else -1) for end in match.groups() if end]
        if not all(least <= end <= greatest for end in ends) or ends != sorted(ends):
            return False
    return True
