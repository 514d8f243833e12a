"""Names of images: which of them stand for one image, today and tomorrow."""

import pytest
from judged import kubernetes, pod, refuses

PUBLIC = ("docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "nvcr.io", "public.ecr.aws", "quay.io")
PUBLIC += ("registry.gitlab.com", "registry.k8s.io")


@pytest.mark.parametrize(
    ("image", "floating"),
    [
        ("redis:7.2.4", False),
        ("redis:v7.2.4", False),
        ("redis:7.2", True),
        ("library/redis:7.2.4", False),
        *((f"{host}/team/web:1.2.3", False) for host in PUBLIC),
        ("localhost/web:1.2.3", True),
        ("registry:5000/web:1.2.3", True),
        ("registry.example.com/web:1.2.3", True),
        ("Xenial/web:1.2.3", False),
        ("", True),
    ],
)
def test_names_of_images(image, floating):
    assert refuses("D1.image-exact", pod(containers=[{"name": "web", "image": image}])) is floating


def test_what_names_no_image():
    model = {"model": {"modelFormat": {"name": "onnx"}}}
    assert not refuses(
        "D1.image-exact", kubernetes("InferenceService", "serving.kserve.io/v1", spec={"predictor": model})
    )
