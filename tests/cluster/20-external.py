# SPDX-License-Identifier: Apache-2.0
"""The chart as in production, against servers that are not its own, under the
restricted profile: smoke flow, upgrade, rollback, what it refuses, and kills under load."""
import base64
import itertools
import os
import secrets
import shutil
import threading
import time

import psycopg2
import pytest
import requests
import yaml

import senders
from kube import CHART, ROOT, Namespace, chart, run
from load import Load
from waiting import PATIENCE, until

pytestmark = pytest.mark.skipif(not (os.environ.get("KUBECONFIG") and shutil.which("helm") and shutil.which("kubectl")),
                                reason="KUBECONFIG names no cluster, or helm or kubectl is not installed")
SERVERS = ("trial-kafka", "trial-postgres", "trial-alertmanager")


class Suite:
    """A release, its servers, and the senders' log."""

    def __init__(self, namespace, folder):
        self.namespace, self.folder = namespace, folder
        self.passwords = {name: secrets.token_hex(16) for name in ("owner", "evaluator", "notifier", "reader")}
        self.key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.accepted, self.lock = set(), threading.Lock()
        self.ingest = self.database = self.alerts = None

    def servers(self):
        """Those of the trial, as somebody else's: a release of that name, without Postern."""
        made = run("helm", "template", "servers", *chart("-f", CHART / "values-trial.yaml"), "-n", self.namespace.name).stdout
        mine = []
        for one in yaml.safe_load_all(made):
            if one and one["metadata"]["labels"]["app.kubernetes.io/component"] in SERVERS and one["kind"] != "NetworkPolicy":
                if one["kind"] in ("StatefulSet", "Deployment"):
                    one["spec"]["template"]["spec"]["serviceAccountName"] = "default"
                if one["kind"] == "Secret":
                    one["stringData"] = self.passwords
                mine.append(one)
        self.namespace.apply(*mine)
        for component in SERVERS:
            self.namespace.wait_ready(component)

    def values(self, **changed):
        roles = yaml.safe_load((ROOT / "tests/flow/roles.yaml").read_text())
        values = {
            "kafka": {"brokers": "servers-postern-kafka:9092", "replication": 1, "flushEach": True, "partitions": 4},
            "postgres": {"host": "servers-postern-postgres", "existingSecret": "mine"},
            "ingest": {"insecure": True, "service": {"port": 80}, "spool": {"limit": "64MiB", "volumeSize": "128Mi"},
                       "settings": {"counts-every": "1s", "heartbeat-every": "1s"}},
            "evaluator": {"settings": {"lease-time": "3s"}},
            "notifier": {"settings": {"lease-time": "3s", "refresh-every": "5s"}},
            "sources": {"existingSecret": "sources", "rows": [
                {"name": "events", "tool": "cloudevents", "interval": "24h",
                 "secrets": [{"file": "/run/secrets/postern/sources/events"}]}]},
            "pack": {"files": {path.name: path.read_text() for path in (ROOT / "tests/flow/pack").glob("*.yaml")}},
            "roles": roles,
            "routes": {"sinks": {"alerts": {"kind": "alertmanager", "urls": ["http://servers-postern-alertmanager:9093"]}},
                       "routes": [{"sinks": ["alerts"]}]},
        }
        values.update(changed)
        path = self.folder / "values.yaml"
        path.write_text(yaml.safe_dump(values))
        return path

    def prepare(self):
        self.servers()
        self.namespace.secret("mine", **self.passwords)
        self.namespace.secret("sources", events=self.key)
        self.install()
        self.ingest = self.namespace.forward("postern-ingest", 80)
        self.database = self.namespace.forward("servers-postern-postgres", 5432)
        self.alerts = self.namespace.forward("servers-postern-alertmanager", 9093)
        return self

    def install(self, *words, expect=0, **changed):
        return self.namespace.helm("upgrade", "--install", "postern", *chart("-f", self.values(**changed)), "--wait", "--timeout",
                                   "4m", *words, expect=expect, seconds=300)

    def send(self, request):
        """One delivery, sent until it is answered by 200."""
        headers, body = request
        body = senders.encode(body)
        headers = dict(headers, **senders.sign_standard_webhooks(self.key, body))
        end = time.monotonic() + 120 * PATIENCE
        while True:
            try:
                code = requests.post(self.ingest.url() + "/v1/hooks/events", data=body, headers=headers, timeout=10).status_code
                if code == 200:
                    with self.lock:
                        self.accepted.add(senders.digest(body.decode()))
                    return
                assert code == 503, "answered by %d" % code
            except (requests.exceptions.RequestException, ConnectionError):
                pass
            assert time.monotonic() < end, "a delivery was not taken for two minutes"
            time.sleep(0.1)

    def rows(self, statement, *arguments):
        host, port = self.database.url().split("//")[1].split(":")
        with psycopg2.connect(host=host, port=port, dbname="postern", user="postern_reader",
                              password=self.passwords["reader"], options="-c search_path=evaluator") as link:
            with link.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall()

    def wait_verdict(self, subject, wanted, seconds=60):
        def there():
            found = self.rows("SELECT verdict FROM state WHERE criterion = 'PO.5.1-s' AND subject = %s", subject)
            return found == [(wanted,)]
        until("%s of %s" % (wanted, subject), lambda: patient(there), seconds, pause=0.3)

    def standing(self, subject):
        found = requests.get(self.alerts.url() + "/api/v2/alerts", timeout=5).json()
        return [one for one in found if one["labels"].get("subject") == subject]

    def wait_nothing_lost(self, seconds=180):
        """Every delivery that got a 200 is one piece of evidence, no more and no less."""
        def there():
            kept = dict(self.rows("SELECT delivery_digest, count(*) FROM evidence WHERE source = 'events' GROUP BY 1"))
            missing = self.accepted - set(kept)
            assert not missing, "%d of %d accepted deliveries are no evidence yet" % (len(missing), len(self.accepted))
            twice = {digest: count for digest, count in kept.items() if count != 1}
            assert not twice, "evidence stands twice: %s" % list(twice)[:3]
            return True
        until("accepted deliveries to be evidence", lambda: patient(there), seconds, pause=1)


def patient(look):
    """The way to the database breaks when its pod is killed; that is no answer."""
    try:
        return look()
    except psycopg2.Error as error:
        raise ConnectionError(str(error)) from error


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    namespace = Namespace("postern-flow-%d" % os.getpid()).make()
    try:
        yield Suite(namespace, tmp_path_factory.mktemp("suite")).prepare()
    except BaseException:
        print(namespace.logs())
        raise
    finally:
        namespace.drop()


def policy(subject, mode):
    return senders.cloudevent("policy", subject, {"policy": "admission", "mode": mode})


def load(suite):
    """Deliveries about some clusters, each sent until it is taken."""
    def client(number, stopping):
        for step in itertools.count():
            suite.send(policy("default/cluster/load/%d-%d" % (number, step % 5), "enforce" if step % 3 else "audit"))
            yield 0.05
    return Load(client, ending=150)


def uids(suite):
    return {name: one["metadata"]["uid"] for component in ("ingest", "evaluator", "notifier")
            for name, one in suite.namespace.pods(component).items()}


def test_a_delivery_walks_all_the_way_and_its_alert_is_resolved(suite):
    subject = "default/cluster/flow/one"
    suite.send(policy(subject, "audit"))
    suite.wait_verdict(subject, "fail")
    until("its alert", lambda: suite.standing(subject), 60, pause=0.5)
    suite.send(policy(subject, "enforce"))
    suite.wait_verdict(subject, "pass")
    until("its alert to be resolved", lambda: not suite.standing(subject), 60, pause=0.5)
    suite.wait_nothing_lost()


def test_helm_test_passes(suite):
    suite.namespace.helm("test", "postern", "--timeout", "5m", seconds=400)


def test_a_wrong_route_is_refused_before_anything_is_replaced(suite):
    before = uids(suite)
    routes = {"sinks": {"alerts": {"kind": "alertmanager", "urls": ["http://servers-postern-alertmanager:9093"]}},
              "routes": [{"severity": "loud", "sinks": ["alerts"]}]}
    began = time.monotonic()
    done = suite.install(expect=None, routes=routes)
    assert done.returncode != 0, "the upgrade went through"
    assert time.monotonic() - began < 60 * PATIENCE
    said = suite.namespace.job_said("postern-setup")
    assert "routes.yaml" in said and 'there is no severity "loud"' in said, said
    assert uids(suite) == before, "pods were replaced"


def test_a_secret_that_is_missing_is_named_at_once(suite):
    done = suite.install(expect=1, postgres={"host": "servers-postern-postgres", "existingSecret": "absent"})
    assert 'postgres.existingSecret: there is no Secret "absent" in namespace' in done.stderr, done.stderr
    suite.namespace.secret("half", owner="x", evaluator="y", notifier="z")
    done = suite.install(expect=1, postgres={"host": "servers-postern-postgres", "existingSecret": "half"})
    assert 'postgres.existingSecret: Secret "half" has no key "reader"' in done.stderr, done.stderr


def test_a_wrong_password_is_refused_within_half_a_minute(suite):
    before = uids(suite)
    suite.namespace.secret("wrong", **dict(suite.passwords, owner="wrong"))
    began = time.monotonic()
    done = suite.install(expect=None, postgres={"host": "servers-postern-postgres", "existingSecret": "wrong"})
    assert done.returncode != 0 and time.monotonic() - began < 45 * PATIENCE
    said = suite.namespace.job_said("postern-setup")
    assert "migrate-evaluator" in said and "password authentication failed" in said, said
    assert uids(suite) == before, "pods were replaced"


def test_an_upgrade_and_a_rollback_under_load_lose_nothing(suite):
    suite.install()
    before = uids(suite)
    with load(suite):
        suite.install(log={"level": "debug"})
        upgraded = uids(suite)
        assert not set(before.values()) & set(upgraded.values()), "pods were not replaced"
        suite.namespace.helm("rollback", "postern", "--wait", "--timeout", "4m", seconds=300)
    assert not set(upgraded.values()) & set(uids(suite).values()), "pods were not replaced"
    suite.wait_nothing_lost()


def test_a_changed_source_is_taken_in_without_a_restart(suite):
    """A Secret that the chart does not render, then a row that it does: nobody sends a signal."""
    before = uids(suite)
    other = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    suite.namespace.secret("sources", events=other)
    suite.key = other

    def taken(source):
        headers, body = policy("default/cluster/flow/other", "enforce")
        body = senders.encode(body)
        headers = dict(headers, **senders.sign_standard_webhooks(other, body))
        return requests.post("%s/v1/hooks/%s" % (suite.ingest.url(), source), data=body, headers=headers, timeout=10).status_code == 200

    def all_taken(source):
        return all([taken(source) for _ in range(10)])  # one pod or the other answers
    until("the new secret to be taken in", lambda: all_taken("events"), 180, pause=3)
    sources = yaml.safe_load(suite.values().read_text())["sources"]
    late = dict(sources["rows"][0], name="late")
    suite.install(sources=dict(sources, rows=sources["rows"] + [late]))
    until("the new source to be taken in", lambda: all_taken("late"), 180, pause=3)
    assert uids(suite) == before


@pytest.mark.parametrize("component", ["ingest", "evaluator", "notifier", "trial-kafka", "trial-postgres"])
def test_killing_each_pod_under_load_loses_nothing(suite, component):
    with load(suite):
        time.sleep(2)
        for name in sorted(suite.namespace.pods(component)):
            suite.namespace.kubectl("delete", "pod", name, "--grace-period=0", "--force")
            time.sleep(3)
        suite.namespace.wait_ready(component, 240)
        time.sleep(2)
    for one in ("ingest", "evaluator", "notifier"):
        suite.namespace.wait_ready(one, 240)
    suite.wait_nothing_lost(300)
    subject = "default/cluster/killed/" + component
    suite.send(policy(subject, "audit"))
    suite.wait_verdict(subject, "fail", 120)
    until("its alert", lambda: suite.standing(subject), 120, pause=0.5)


def test_uninstalling_leaves_the_claims_and_nothing_else(suite):
    suite.namespace.helm("uninstall", "postern", "--wait", "--timeout", "3m")
    mine = ("-l", "app.kubernetes.io/instance=postern")
    until("pods to be gone", lambda: {one["metadata"]["name"] for one in suite.namespace.get("pod", *mine)} <= {"postern-test"}, 90)
    left = {"%s/%s" % (one["kind"], one["metadata"]["name"]) for one in suite.namespace.get(
        "pvc,service,secret,configmap,deployment,statefulset,job,networkpolicy,poddisruptionbudget,serviceaccount,pod", *mine)}
    assert left == {"PersistentVolumeClaim/spool-postern-ingest-0", "PersistentVolumeClaim/spool-postern-ingest-1",
                    "Pod/postern-test"}
