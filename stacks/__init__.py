"""What services run on, as Pulumi projects: cluster, secrets, registry, observability, and the parts they share."""
