# SPDX-License-Identifier: Apache-2.0
"""values-trial.yaml as docs/deploy-helm.md tells it: install, test, look, uninstall."""
import os
import shutil

import pytest
import requests

from kube import CHART, Namespace, chart
from waiting import until

pytestmark = pytest.mark.skipif(not (os.environ.get("KUBECONFIG") and shutil.which("helm") and shutil.which("kubectl")),
                                reason="KUBECONFIG names no cluster, or helm or kubectl is not installed")


@pytest.fixture(scope="module")
def trial():
    namespace = Namespace("postern-trial-%d" % os.getpid()).make()
    try:
        namespace.helm("install", "postern", *chart("-f", CHART / "values-trial.yaml"), "--wait", "--timeout", "5m", seconds=400)
        yield namespace
    except BaseException:
        print(namespace.logs())
        raise
    finally:
        namespace.drop()


def test_one_command_brings_everything_up(trial):
    for component in ("ingest", "evaluator", "notifier", "trial-kafka", "trial-postgres", "trial-alertmanager"):
        trial.wait_ready(component, 5)


def test_helm_test_sees_its_delivery_become_a_verdict(trial):
    said = trial.helm("test", "postern", "--logs", "--timeout", "5m", seconds=400).stdout
    assert "last delivered at" in said, said
    # Once more: what the board said before is no answer.
    trial.helm("test", "postern", "--timeout", "5m", seconds=400)


def test_the_watchdog_stands_in_alertmanager(trial):
    way = trial.forward("postern-alertmanager", 9093)

    def stands():
        alerts = requests.get(way.url() + "/api/v2/alerts", timeout=5).json()
        return any(one["labels"]["alertname"] == "PosternWatchdog" for one in alerts)
    until("PosternWatchdog", stands, 90, pause=1)


def test_an_upgrade_keeps_the_passwords_it_made(trial):
    before = trial.get("secret")
    trial.helm("upgrade", "postern", *chart("-f", CHART / "values-trial.yaml"), "--set", "log.level=debug", "--wait",
               "--timeout", "5m", seconds=400)
    kept = {one["metadata"]["name"]: one["data"] for one in before if one["type"] == "Opaque"}
    now = {one["metadata"]["name"]: one["data"] for one in trial.get("secret") if one["type"] == "Opaque"}
    assert kept == now and {"postern-trial-postgres", "postern-test"} <= set(now)


def test_uninstalling_leaves_the_claims_and_nothing_else(trial):
    trial.helm("uninstall", "postern", "--wait", "--timeout", "3m")
    until("pods to be gone", lambda: set(one["metadata"]["name"] for one in trial.get("pod")) <= {"postern-test"}, 90)
    left = {"%s/%s" % (one["kind"], one["metadata"]["name"]) for one in trial.get(
        "pvc,service,secret,configmap,deployment,statefulset,job,networkpolicy,poddisruptionbudget,serviceaccount,pod")}
    assert left == {"PersistentVolumeClaim/spool-postern-ingest-0", "PersistentVolumeClaim/data-postern-kafka-0",
                    "PersistentVolumeClaim/data-postern-postgres-0", "Pod/postern-test", "ConfigMap/kube-root-ca.crt",
                    "ServiceAccount/default"}
