# SPDX-License-Identifier: Apache-2.0
"""What the chart says of Secrets and ConfigMaps that are not there: helm asks an API
server of ours, which has as much as we give it."""
import base64
import http.server
import json
import pathlib
import shutil
import subprocess
import threading

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHART = HERE.parent.parent / "helm/postern"
KINDS = {"serviceaccounts": "ServiceAccount", "secrets": "Secret", "configmaps": "ConfigMap"}

pytestmark = pytest.mark.skipif(not shutil.which("helm"), reason="helm is not installed")


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0].strip("/").split("/")
        answer = self.find(path)
        body = json.dumps(answer or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404})
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def find(self, path):
        if path == ["version"]:
            return {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}
        if path == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == ["apis"]:
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
        if path == ["api", "v1"]:
            return {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
                {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get"]} for name, kind in KINDS.items()]}
        if path[:3] == ["api", "v1", "namespaces"] and len(path) == 6:
            return self.server.objects.get((KINDS.get(path[4]), path[5]))
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def cluster(tmp_path):
    """A namespace with the account every namespace has."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.objects = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {
        "cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}], "clusters": [{"name": "c", "cluster": {
            "server": "http://127.0.0.1:%d" % server.server_port}}]}
    server.kubeconfig = tmp_path / "kubeconfig"
    server.kubeconfig.write_text(yaml.safe_dump(config))
    have(server, "ServiceAccount", "default")
    yield server
    server.shutdown()


def have(cluster, kind, name, **data):
    encoded = {key: base64.b64encode(text.encode()).decode() if kind == "Secret" else text for key, text in data.items()}
    cluster.objects[kind, name] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": encoded}


def template(cluster, values):
    return subprocess.run(["helm", "template", "r", CHART, "-n", "here", "--dry-run=server", "--kubeconfig", cluster.kubeconfig,
                           "--disable-openapi-validation", "-f", HERE / "values" / values], capture_output=True, text=True,
                          timeout=60, check=False)


def test_a_secret_that_is_not_there_is_named(cluster):
    done = template(cluster, "00-least.yaml")
    assert done.returncode != 0
    assert 'postgres.existingSecret: there is no Secret "postern-postgres" in namespace "here"' in done.stderr, done.stderr


def test_a_key_that_is_not_there_is_named(cluster):
    have(cluster, "Secret", "postern-postgres", owner="a", evaluator="b", notifier="c")
    done = template(cluster, "00-least.yaml")
    assert 'postgres.existingSecret: Secret "postern-postgres" has no key "reader"; it has evaluator, notifier, owner' in done.stderr


def test_everything_there_is_everything_well(cluster):
    have(cluster, "Secret", "postern-postgres", owner="a", evaluator="b", notifier="c", reader="d")
    done = template(cluster, "00-least.yaml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind, name, data, says", [
    ("ConfigMap", "my-sources", {"sources.yml": ""}, 'sources.existingConfigMap: ConfigMap "my-sources" has no key "sources.yaml"'),
    ("ConfigMap", "my-pack", {"PO.2.yaml": ""}, 'pack.existingConfigMap: ConfigMap "my-pack" has no key "pack.yaml"'),
    ("ConfigMap", "my-routes", None, 'routes.existingConfigMap: there is no ConfigMap "my-routes"'),
    ("Secret", "my-sinks", None, 'routes.existingSecret: there is no Secret "my-sinks"'),
    ("Secret", "kafka", None, 'kafka.existingSecret: there is no Secret "kafka"'),
])
def test_every_other_name_is_looked_up(cluster, kind, name, data, says):
    have(cluster, "Secret", "postern-postgres", migrate="a", judge="b", tell="c", look="d")
    for one in ("kafka", "my-source-secrets", "my-sinks"):
        have(cluster, "Secret", one)
    for one, key in (("my-sources", "sources.yaml"), ("my-subjects", "subjects.yaml"), ("my-roles", "roles.yaml"),
                     ("my-routes", "routes.yaml"), ("my-pack", "pack.yaml")):
        have(cluster, "ConfigMap", one, **{key: ""})
    assert template(cluster, "20-existing.yaml").returncode == 0
    del cluster.objects[kind, name]
    if data is not None:
        have(cluster, kind, name, **data)
    done = template(cluster, "20-existing.yaml")
    assert done.returncode != 0 and says in done.stderr, done.stderr


def test_secrets_that_were_made_are_kept(cluster):
    have(cluster, "Secret", "r-postern-test", key="whsec_kept")
    have(cluster, "Secret", "r-postern-trial-postgres", owner="o", evaluator="e", notifier="n", reader="r")
    done = template(cluster, "../../../helm/postern/values-trial.yaml")
    assert done.returncode == 0, done.stderr
    made = {one["metadata"]["name"]: one for one in yaml.safe_load_all(done.stdout) if one and one["kind"] == "Secret"}
    assert base64.b64decode(made["r-postern-test"]["data"]["key"]) == b"whsec_kept"
    assert made["r-postern-trial-postgres"]["stringData"] == {"owner": "o", "evaluator": "e", "notifier": "n", "reader": "r"}
