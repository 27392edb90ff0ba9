# SPDX-License-Identifier: Apache-2.0
"""The whole matrix before a real API server, as far as it goes without running
anything: every object is taken as it is, every pod fits the restricted profile."""
import os
import pathlib
import shutil

import pytest
import yaml

from kube import CHART, Namespace, run

pytestmark = pytest.mark.skipif(not (os.environ.get("KUBECONFIG") and shutil.which("helm") and shutil.which("kubectl")),
                                reason="KUBECONFIG names no cluster, or helm or kubectl is not installed")
HERE = pathlib.Path(__file__).resolve().parent
MATRIX = sorted((HERE / "values").glob("*.yaml")) + [CHART / "values-trial.yaml"]


@pytest.fixture(scope="module")
def namespace():
    made = Namespace("postern-admission-%d" % os.getpid()).make()
    yield made
    made.drop()


@pytest.fixture(scope="module")
def kinds():
    """What this cluster knows; without an operator its kinds are left out."""
    said = run("kubectl", "api-resources", "--no-headers", "-o", "wide").stdout
    return {word for line in said.splitlines() for word in line.split()}


def pod_of(one):
    template = one["spec"]["template"]
    spec = dict(template["spec"], restartPolicy="Always")
    spec["volumes"] = spec.get("volumes", []) + [
        {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": "any"}}
        for claim in one["spec"].get("volumeClaimTemplates", [])]
    for name in ("serviceAccountName", "priorityClassName"):  # not there in this namespace
        spec.pop(name, None)
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": one["metadata"]["name"], "labels": template["metadata"]["labels"]}}


@pytest.mark.parametrize("values", MATRIX, ids=lambda path: path.stem)
def test_the_api_server_takes_every_object_and_every_pod(values, namespace, kinds):
    said = run("helm", "template", "r", CHART, "-n", namespace.name, "-f", values).stdout
    found = [one for one in yaml.safe_load_all(said) if one]
    left = {one["kind"] for one in found if one["kind"] not in kinds}
    assert left <= {"ServiceMonitor", "PrometheusRule", "HTTPRoute"}
    found = [one for one in found if one["kind"] not in left]
    objects = [one for one in found if one["kind"] != "Pod"]
    pods = [pod_of(one) for one in objects if isinstance(one.get("spec"), dict) and "template" in one["spec"]]
    for one in (dict(one) for one in found if one["kind"] == "Pod"):
        one["spec"] = {key: value for key, value in one["spec"].items() if key != "serviceAccountName"}
        pods.append(one)
    for what in (objects, pods):
        done = namespace.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", text=yaml.safe_dump_all(what))
        assert "warning" not in done.stderr.lower(), done.stderr
