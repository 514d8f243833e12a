"""Single mutations of the generated project: each module is a table of what somebody might do wrong, by subject."""

from faults import alerts, aws, ci, evidence, network, pages, pods, releases, rights, secrets, source, supply

TABLES = tuple(
    module.TABLE
    for module in (pods, releases, network, rights, secrets, alerts, aws, ci, supply, source, pages, evidence)
)
