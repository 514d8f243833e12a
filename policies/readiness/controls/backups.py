"""R2: what is kept on volumes is backed up, and does not vanish with what used it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.cron import is_time
from readiness.facts.resources import Part, Resource, fields, follow, items, line_of, mappings
from readiness.facts.selection import matching, selects
from readiness.facts.workloads import Workload

VELERO = "https://velero.io/docs/main/api-types/schedule/"
RECLAIM = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming"
RETENTION = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention"
LIVE = ("staging", "prod")
RECORD = re.compile(r"(?i)(^|/)(audit|decisions?|decision-?log|prediction-?log)(/|$)")
CLAIMS = frozenset({"persistentvolumeclaims", "persistentvolumeclaim", "pvc"})  # as Velero may be told of them


@dataclass(frozen=True)
class Claim(Part):
    """A claim of storage: one of its own, or the template of a StatefulSet."""

    body: dict[str, object]

    @property
    def line(self) -> int:
        return line_of(self.body) or self.resource.line


def claims(facts: Facts) -> Iterator[Claim]:
    for one in facts.resources.of("PersistentVolumeClaim", group=""):
        yield Claim(one, one.body)
    for one in facts.resources.of("StatefulSet", group="apps"):
        for body in mappings(one.spec, "volumeClaimTemplates"):
            yield Claim(one, body)


def schedules(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of("Schedule", group="velero.io")


def covers(schedule: Resource, claim: Claim) -> bool:
    """Whether a schedule of Velero takes in a claim: by namespace, kind and labels, volumes included."""
    template = fields(schedule.spec, "template")
    kinds = (chosen(template, kind, CLAIMS) for kind in ("Resources", "NamespaceScopedResources"))
    if not chosen(template, "Namespaces", {claim.resource.namespace}) or not all(kinds):
        return False
    if template.get("snapshotVolumes") is False and not template.get("defaultVolumesToFsBackup"):
        return False
    labels = fields(claim.body, "metadata", "labels")
    either = mappings(template, "orLabelSelectors") or [fields(template, "labelSelector")]
    return any(selects(one, labels) for one in either)


def chosen(template: object, what: str, names: Set[str]) -> bool:
    """Whether a backup's filter, of what is included and what is excluded, lets through what has these names."""
    every = {"*", *names}
    included, excluded = (
        {str(one).lower() for one in items(template, f"{how}{what}")} for how in ("included", "excluded")
    )
    return every.isdisjoint(excluded) and (not included or not every.isdisjoint(included))


def storage_of(claim: Claim, facts: Facts) -> list[Resource]:
    """The storage class of a claim, if it is among the resources."""
    name = fields(claim.body, "spec").get("storageClassName")
    return [one for one in facts.resources.of("StorageClass") if one.name == name]


def on_planned_files(storage: Resource, facts: Facts) -> bool:
    """Whether volumes of a class are folders of a file system in AWS that is planned with it (R2.aws-backups)."""
    systems = {one.urn for one in facts.resources.of("aws:efs/fileSystem:FileSystem")}
    shared = storage.body.get("provisioner") == "efs.csi.aws.com"
    return shared and not systems.isdisjoint(storage.links.get("parameters", ()))


@control(
    id="R2.volume-backup",
    title="Every volume is backed up on a schedule",
    why="a disk, a zone or a slip of the hand takes what is on a volume, and nothing brings it back",
    remedy="velero schedule create daily --schedule='0 3 * * *' --include-namespaces NAMESPACE --ttl 720h",
    severity="high",
    kind="resources",
    sources=(VELERO,),
    subjects=claims,
    environments=LIVE,
)
def volume_backup(claim: Claim, facts: Facts) -> Iterator[Problem]:
    if any(facts.resources.of("aws:backup/selection:Selection")):
        return  # what the plan of AWS Backup takes in is judged there, by tags
    if any(on_planned_files(storage, facts) for storage in storage_of(claim, facts)):
        return  # what backs the file system up is judged there, too
    if not matching(schedules(facts), lambda one: covers(one, claim)):
        yield Problem(f"no Schedule of Velero takes in the volumes of namespace {claim.resource.namespace}")


@control(
    id="R2.backup-schedule",
    title="Every schedule of backups runs, and keeps what it makes",
    why="a paused schedule, or a time that cannot be read, makes no backup and no noise",
    remedy="spec: {schedule: '0 3 * * *', template: {ttl: 720h}}, without paused",
    severity="high",
    kind="resources",
    sources=(VELERO,),
    subjects=schedules,
)
def backup_schedule(schedule: Resource, facts: Facts) -> Iterator[Problem]:
    when = str(schedule.spec.get("schedule") or "")
    if not is_time(when):
        yield Problem(f"its schedule is {when!r}, which is no time such as '0 3 * * *'")
    if schedule.spec.get("paused"):
        yield Problem("it is paused")


@control(
    id="R2.volume-kept",
    title="No data goes with the object that used it",
    why="deleting a StatefulSet or a claim, by mistake or in a clean-up, must not delete the data",
    remedy="reclaimPolicy: Retain in the StorageClass; leave persistentVolumeClaimRetentionPolicy out of the "
    "StatefulSet",
    severity="high",
    kind="resources",
    sources=(RECLAIM, RETENTION),
    subjects=claims,
    environments=LIVE,
)
def volume_kept(claim: Claim, facts: Facts) -> Iterator[Problem]:
    policy = follow(claim.resource.spec, ("persistentVolumeClaimRetentionPolicy",)) or {}
    if "Delete" in policy.values():
        yield Problem("persistentVolumeClaimRetentionPolicy deletes its volumes", line_of(policy))
    for storage in storage_of(claim, facts):
        if storage.body.get("reclaimPolicy") != "Retain":
            yield Problem(
                f"{storage.label} has reclaimPolicy Delete: the data goes with the claim", storage.line, storage.file
            )


@control(
    id="S5.record-kept",
    title="No record of decisions is on a volume that ends with its pod",
    why="each release and each crash would take the record of all decisions since the one before",
    remedy="volumes: [{name: audit, persistentVolumeClaim: {claimName: audit}}]",
    severity="high",
    kind="resources",
    sources=("NIST SP 800-53 AU-9, AU-11",),
    subjects=lambda facts: (one for one in facts.workloads if one.serves),
    environments=LIVE,
    alone=True,
)
def record_kept(workload: Workload, facts: Facts) -> Iterator[Problem]:
    mounts = [mount for one in workload.containers for mount in mappings(one.body, "volumeMounts")]
    records = {str(one.get("name")) for one in mounts if RECORD.search(str(one.get("mountPath")))}
    for volume in mappings(workload.pod, "volumes"):
        if "emptyDir" in volume and str(volume.get("name")) in records:
            yield Problem(f"volume {volume.get('name')} holds a record, and is an emptyDir", line_of(volume))


CONTROLS = (volume_backup, backup_schedule, volume_kept, record_kept)
