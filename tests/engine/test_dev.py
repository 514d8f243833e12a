"""Our stacks on a cluster that is there already, by the real engine."""

from engine.life import Life


class TestDev(Life):
    environment = "dev"
    changes = (
        ("cluster", "quotas.services.pods", "41", {"services"}),
        ("registry", "mlflow.memory", "2Gi", {"mlflow"}),
    )
