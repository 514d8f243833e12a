"""A release of the service on a cluster: a Pulumi program, and the rules and dashboards that it brings along."""
