"""Backups: which schedules run and what they take in, which classes of storage keep it, and where records are lost."""

import pytest
from judged import aws, kubernetes, refuses, verdicts

VELERO = "velero.io/v1"
CLAIMS = ("persistentvolumeclaims", "PersistentVolumeClaim", "pvc")


def claim(version="v1", **spec):
    made = kubernetes("PersistentVolumeClaim", version, "shop", spec=spec)
    made["metadata"]["labels"] = {"app": "web"}
    return made


def schedule(version=VELERO, when="0 3 * * *", **template):
    return kubernetes("Schedule", version, "velero", spec={"schedule": when, "template": template})


def storage(**fields):
    return kubernetes("StorageClass", "storage.k8s.io/v1", **fields)


@pytest.mark.parametrize(
    ("template", "taken"),
    [
        ({}, True),
        ({"includedNamespaces": ["shop"]}, True),
        ({"includedNamespaces": ["*"]}, True),
        ({"includedNamespaces": ["other"]}, False),
        ({"excludedNamespaces": ["shop"]}, False),
        ({"includedNamespaces": ["*"], "excludedNamespaces": ["shop"]}, False),
        ({"excludedNamespaces": ["other"]}, True),
        ({"includedResources": ["deployments"]}, False),
        ({"includedResources": ["*"]}, True),
        *(({"includedResources": ["pods", one]}, True) for one in CLAIMS),
        *(({"excludedResources": ["pods", one]}, False) for one in CLAIMS),
        ({"excludedResources": ["pods"]}, True),
        ({"includedNamespaceScopedResources": ["deployments"]}, False),
        ({"excludedNamespaceScopedResources": ["*"]}, False),
        ({"snapshotVolumes": False}, False),
        ({"snapshotVolumes": False, "defaultVolumesToFsBackup": True}, True),
        ({"snapshotVolumes": True}, True),
        ({"labelSelector": {"matchLabels": {"app": "web"}}}, True),
        ({"labelSelector": {"matchLabels": {"app": "other"}}}, False),
        ({"orLabelSelectors": [{"matchLabels": {"app": "other"}}, {"matchLabels": {"app": "web"}}]}, True),
        ({"orLabelSelectors": [{"matchLabels": {"app": "other"}}]}, False),
    ],
)
def test_what_a_schedule_takes_in(template, taken):
    assert refuses("R2.volume-backup", claim(), schedule(**template)) is not taken


def test_what_else_backs_up_a_volume():
    assert refuses("R2.volume-backup", claim(), schedule("example.com/v1"))
    assert not refuses("R2.volume-backup", claim(), aws("aws:backup/selection:Selection"))
    files = aws("aws:efs/fileSystem:FileSystem")
    for provisioner in ("efs.csi.aws.com", "ebs.csi.aws.com"):
        assert refuses("R2.volume-backup", claim(storageClassName="web"), storage(provisioner=provisioner), files)


@pytest.mark.parametrize(
    ("when", "runs"),
    [
        ("0 3 * * *", True),
        ("*/5 1-5 1,15 1-6/2 mon", True),
        ("59 23 31 12 6", True),
        ("0 0 1 1 0", True),
        ("0/15 ? ? dec sat,*/2", True),
        ("60 3 * * *", False),
        ("0 24 * * *", False),
        ("0 3 32 * *", False),
        ("0 3 0 * *", False),
        ("0 3 * 13 *", False),
        ("0 3 * 0 *", False),
        ("0 3 * * 7", False),
        ("0 3-61 * * *", False),
        ("0 5-3 * * *", False),
        ("0 3 * dec-jan *", False),
        ("*/0 3 * * *", False),
        ("*/10 3 * * *", True),
        ("jan 3 * * *", False),
        ("0 3 * mon *", False),
        ("0 3 , * *", False),
        ("0 3 * * * extra", False),
        ("0 3 * JAN MON-FRI", True),
        ("0  3 * * *", True),
        ("CRON_TZ=Europe/Berlin 0 3 * * *", True),
        ("TZ=Europe/Berlin 0 3 * * *", True),
        ("TZ=Europe/Berlin @daily", True),
        ("TZ=Europe/Berlin", False),
        ("0 3 * *", False),
        ("0 3 * * * *", False),
        ("@hourly", True),
        ("@daily", True),
        ("@midnight", True),
        ("@weekly", True),
        ("@monthly", True),
        ("@yearly", True),
        ("@annually", True),
        ("@every 6h", True),
        ("@every 1h30m", True),
        ("@every 1.5h", True),
        ("@every night", False),
        ("@every", False),
        ("at 0 3 * * *", False),
        ("@never", False),
        ("", False),
    ],
)
def test_times(when, runs):
    assert refuses("R2.backup-schedule", schedule(when=when)) is not runs


@pytest.mark.parametrize(
    ("policy", "lost"),
    [({}, True), ({"reclaimPolicy": "Delete"}, True), ({"reclaimPolicy": "Retain"}, False)],
)
def test_classes_of_storage(policy, lost):
    assert refuses("R2.volume-kept", claim(storageClassName="web"), storage(**policy)) is lost
    assert not refuses("R2.volume-kept", claim(storageClassName="other"), storage(**policy))


@pytest.mark.parametrize("policy", ["whenDeleted", "whenScaled"])
def test_sets_that_delete_their_volumes(policy):
    for version, does, lost in (("apps/v1", "Delete", True), ("apps/v1", "Retain", False)):
        spec = {"volumeClaimTemplates": [{}], "persistentVolumeClaimRetentionPolicy": {policy: does}}
        assert refuses("R2.volume-kept", kubernetes("StatefulSet", version, spec=spec)) is lost


RECORDS = (
    "/audit",
    "/var/Decisions",
    "/decision/new",
    "/decision-log",
    "/decisionlog",
    "/prediction-log",
    "/predictionlog",
)


@pytest.mark.parametrize("path", [*RECORDS, "/auditors", "/prediction", "/tmp"])
def test_records(path):
    for volume, lost in (({"emptyDir": {}}, path in RECORDS), ({"persistentVolumeClaim": {"claimName": "web"}}, False)):
        mounts = [{"name": "kept", "mountPath": path}]
        containers = [{"name": "web", "image": "web", "ports": [{"containerPort": 80}], "volumeMounts": mounts}]
        spec = {"containers": containers, "volumes": [{"name": "kept", **volume}, {"name": "other", "emptyDir": {}}]}
        pods = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
        deployment = kubernetes("Deployment", "apps/v1", spec={"template": pods})
        assert refuses("S5.record-kept", deployment) is lost
        assert refuses("S5.record-kept", deployment, environment="staging") is lost
        assert verdicts("S5.record-kept", deployment, environment="dev") == set()


def test_where_volumes_are_judged():
    sets = {"volumeClaimTemplates": [{}], "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    for id in ("R2.volume-backup", "R2.volume-kept"):
        assert {one for one in ("dev", "staging", "prod") if verdicts(id, claim(), environment=one)} == {
            "staging",
            "prod",
        }
        assert verdicts(id, claim("example.com/v1"), kubernetes("StatefulSet", "example.com/v1", spec=sets)) == set()
    assert verdicts("R2.backup-schedule", schedule("example.com/v1")) == set()
