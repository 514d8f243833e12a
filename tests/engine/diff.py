"""What differs between two states of a resource's inputs, and what of it can't be changed in place.

The table follows the Kubernetes provider (pulumi/pulumi-kubernetes, provider/pkg/provider/diff.go); for AWS it lists
only what an environment must not lose by surprise, as the AWS provider's schema can't be had without its plugin.
"""

ALWAYS = {"kubernetes": ("apiVersion", "kind", "metadata.name", "metadata.namespace")}
IMMUTABLE = {
    "kubernetes:apps/v1:Deployment": ("spec.selector",),
    "kubernetes:apps/v1:StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "kubernetes:batch/v1:Job": ("spec.template", "spec.selector"),
    "kubernetes:core/v1:ConfigMap": ("data", "binaryData"),
    "kubernetes:core/v1:PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName"),
    "kubernetes:core/v1:Secret": ("type",),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": ("roleRef",),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": ("roleRef",),
    "kubernetes:storage.k8s.io/v1:StorageClass": ("parameters", "provisioner"),
    "aws:ec2/subnet:Subnet": ("availabilityZone", "cidrBlock", "vpcId"),
    "aws:ec2/vpc:Vpc": ("cidrBlock",),
    "aws:ecr/repository:Repository": ("name",),
    "aws:eks/cluster:Cluster": ("name", "roleArn"),
    "aws:rds/instance:Instance": ("identifier", "kmsKeyId", "storageEncrypted", "username"),
    "aws:s3/bucket:Bucket": ("bucket",),
    "random:index/randomPassword:RandomPassword": ("keepers", "length"),
}


def changed(olds, news):
    """The top-level properties that differ. What the engine or an SDK notes for itself (``__…``) is none."""
    names = (name for name in sorted(olds.keys() | news.keys()) if not name.startswith("__"))
    return [name for name in names if olds.get(name) != news.get(name)]


def replacing(kind, olds, news):
    """The properties, as dotted paths, whose change needs a new resource."""
    paths = (*ALWAYS.get(kind.split(":")[0], ()), *IMMUTABLE.get(kind, ()))
    return [path for path in paths if _at(olds, path) != _at(news, path)]


def _at(values, path):
    for name in path.split("."):
        values = values.get(name) if isinstance(values, dict) else None
    return values
