# SPDX-License-Identifier: Apache-2.0
"""The chart without a cluster: lint, what it makes of a matrix of values, schemas of
Kubernetes, kube-score, and the values it must refuse. A tool that is not installed
skips its test; `scripts/setup --chart` brings all. Environment: POSTERN_KUBE_SCHEMAS (a
template for kubeconform's -schema-location, which finds those of operators, too) and
POSTERN_KUBE_VERSIONS (those that the template has; without it the chart's least)."""
import copy
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "helm/postern"
TRIAL = CHART / "values-trial.yaml"
MATRIX = sorted((HERE / "values").glob("*.yaml")) + [TRIAL]
REFUSED = sorted((HERE / "refused").glob("*.yaml"))
OPERATORS = {"ServiceMonitor", "PrometheusRule", "HTTPRoute"}
LEAST = re.search(r'^kubeVersion: ">=([0-9.]+)-0"$', (CHART / "Chart.yaml").read_text(), re.M).group(1)
VERSIONS = os.environ.get("POSTERN_KUBE_VERSIONS", "").split() or [LEAST]


def minor(version):
    return tuple(int(part) for part in version.split(".")[:2])


def least(values):
    """The Kubernetes that a file of values needs, where it is newer than the chart's."""
    found = re.search(r"^# needs: Kubernetes ([0-9.]+)", values.read_text(), re.M)
    return minor(found.group(1) if found else LEAST)


ON_EACH = [pytest.param(values, version, id="%s-%s" % (values.stem, version))
           for values in MATRIX for version in VERSIONS if least(values) <= minor(version)]


def tool(name):
    if not shutil.which(name):
        pytest.skip("%s is not installed" % name)
    return name


def run(*words, expect=0, text=None):
    done = subprocess.run(words, capture_output=True, text=True, input=text, timeout=120, check=False)
    if expect is not None:
        assert done.returncode == expect, "%s\nended with %d:\n%s%s" % (" ".join(map(str, words)), done.returncode, done.stdout,
                                                                       done.stderr)
    return done


@functools.lru_cache(None)
def template(values, version, _text):
    return run("helm", "template", "r", CHART, "--namespace", "n", "--kube-version", version, "-f", values).stdout


def rendered(values, version=VERSIONS[-1]):
    """By a helm that cannot ask: without a version it may take Kubernetes for 1.20."""
    tool("helm")
    return template(values, version, values.read_text())


def objects(values):
    return [one for one in yaml.load_all(rendered(values), getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if one]


def pods(found):
    """(name, labels, pod spec) of everything that makes pods."""
    for one in found:
        spec = one.get("spec") or {}
        if one["kind"] == "Pod":
            yield one["metadata"]["name"], one["metadata"]["labels"], spec
        elif "template" in spec:
            yield one["metadata"]["name"], spec["template"]["metadata"]["labels"], spec["template"]["spec"]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def by_name(path):
    return path.stem


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_lint_has_nothing_to_say(values):
    run(tool("helm"), "lint", "--strict", CHART, "--kube-version", VERSIONS[-1], "-f", values)


def conforms(path, version, expect=0):
    """What kubeconform said; nothing may be left out for want of a schema."""
    tool("kubeconform")
    where = os.environ.get("POSTERN_KUBE_SCHEMAS")
    if not where:
        pytest.skip("POSTERN_KUBE_SCHEMAS names no schemas (`default` are kubeconform's own, from the internet)")
    return run("kubeconform", "-strict", "-summary", "-kubernetes-version", version, "-schema-location", where, path,
               expect=expect).stdout


@pytest.mark.parametrize("values, version", ON_EACH)
def test_every_object_fits_its_schema(values, version, tmp_path):
    out = tmp_path / "objects.yaml"
    out.write_text(rendered(values, version))
    said = conforms(out, version)
    assert "Valid: %d, Invalid: 0, Errors: 0, Skipped: 0" % len(objects(values)) in said, said


def test_the_matrix_has_objects_of_each_operator():
    made = {one["kind"] for values in MATRIX for one in objects(values)}
    assert OPERATORS <= made, "no file of values makes a %s" % ", ".join(sorted(OPERATORS - made))


def test_schemas_are_there_for_the_least_kubernetes_of_the_chart():
    if not os.environ.get("POSTERN_KUBE_VERSIONS"):
        pytest.skip("POSTERN_KUBE_VERSIONS is not set")
    assert minor(VERSIONS[0]) == minor(LEAST), "Chart.yaml says %s, the oldest schemas are of %s" % (LEAST, VERSIONS[0])


# (kind, where, what is put there): the API server refuses each or drops it.
MISTAKES = (
    ("StatefulSet", "spec/template/spec/containers/0/livenessprobe", {}),
    ("StatefulSet", "spec/replicas", "2"),
    ("StatefulSet", "spec/replicas", 2 ** 31),
    ("StatefulSet", "spec/template/spec/containers/0/resources/limits/memory", "1 GiB"),
    ("Deployment", "spec/template/spec/containers/0/name", None),
    ("Deployment", "spec/selector", None),
    ("ConfigMap", "data/number", 1),
    ("NetworkPolicy", "spec/ingress", {}),
    ("Service", "metadata/label", {}),
    ("ServiceMonitor", "spec/endpoints/0/intervall", "30s"),
    ("ServiceMonitor", "spec/endpoints/0/interval", "30 seconds"),
    ("ServiceMonitor", "metadata/label", {}),
    ("PrometheusRule", "spec/groups/0/rules/0/expression", "up"),
    ("HTTPRoute", "spec/rules/0/backendRefs/0/port", 65536),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_know_a_mistake(version, tmp_path):
    """Each in an object of its own, of kinds that the matrix makes: all must be named."""
    made = {one["kind"]: one for values in MATRIX if least(values) <= minor(version)
            for one in yaml.safe_load_all(rendered(values, version)) if one}
    wrong = []
    for number, (kind, path, value) in enumerate(MISTAKES):
        one = copy.deepcopy(made[kind])
        one["metadata"]["name"] = "wrong-%d" % number
        *way, last = path.split("/")
        node = one
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if value is None:
            del node[last]
        else:
            node[last] = value
        wrong.append(one)
    out = tmp_path / "wrong.json"
    out.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": wrong}))
    said = conforms(out, version, expect=1)
    missed = [mistake for number, mistake in enumerate(MISTAKES) if "wrong-%d is invalid" % number not in said]
    assert not missed, "%s\n%s" % (missed, said)


@pytest.mark.parametrize("values", REFUSED, ids=by_name)
def test_wrong_values_are_refused_with_a_sentence(values):
    wanted = re.match(r"# says: (.*)\n", values.read_text()).group(1)
    version = re.search(r"^# on: Kubernetes ([0-9.]+)", values.read_text(), re.M)
    done = run(tool("helm"), "template", "r", CHART, "--kube-version", version.group(1) if version else VERSIONS[-1],
               "-f", HERE / "values/00-least.yaml", "-f", values, expect=None)
    assert done.returncode != 0, "was not refused"
    assert wanted in done.stderr, done.stderr


def test_the_defaults_alone_are_refused():
    done = run(tool("helm"), "template", "r", CHART, "--kube-version", VERSIONS[-1], expect=1)
    assert "kafka.brokers is empty" in done.stderr


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_every_pod_keeps_to_the_restricted_profile(values):
    for name, _, spec in pods(objects(values)):
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        if values.stem != "60-off":
            assert spec["securityContext"]["runAsUser"] > 0 and spec["securityContext"]["runAsGroup"] > 0, name
        for one in containers(spec):
            context = one["securityContext"]
            assert context["readOnlyRootFilesystem"] is True and context["allowPrivilegeEscalation"] is False, one["name"]
            assert context["capabilities"] == {"drop": ["ALL"]}, one["name"]
            assert set(one["resources"]) == {"requests", "limits"}, one["name"]


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_no_secret_is_in_a_variable_or_an_argument(values):
    found = objects(values)
    for name, _, spec in pods(found):
        for one in containers(spec):
            assert "envFrom" not in one, name
            for variable in one.get("env", []):
                assert "valueFrom" not in variable, (name, variable)
            assert "password=" not in json.dumps(one), name
    for one in found:
        if one["kind"] == "ConfigMap":
            assert "password=" not in json.dumps(one["data"]), one["metadata"]["name"]


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_every_mount_has_its_volume_and_every_volume_its_mount(values):
    for name, _, spec in pods(objects(values)):
        there = {one["name"] for one in spec.get("volumes", [])} | {"spool", "data"}
        used = {mount["name"] for one in containers(spec) for mount in one.get("volumeMounts", [])}
        assert used <= there, "%s mounts %s, which is no volume" % (name, used - there)
        assert there - {"spool", "data"} <= used, "%s has %s, which nothing mounts" % (name, there - used)
        for one in containers(spec):
            paths = [mount["mountPath"] for mount in one.get("volumeMounts", [])]
            assert len(paths) == len(set(paths)), "%s/%s mounts two volumes at one path" % (name, one["name"])


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_each_process_mounts_its_own_database_role_only(values):
    found = objects(values)
    inside = any(one["metadata"]["name"].endswith(("-kafka", "-postgres")) for one in found)
    for name, labels, spec in pods(found):
        component = labels["app.kubernetes.io/component"]
        keys = [item["key"] for volume in spec.get("volumes", []) for item in volume.get("secret", {}).get("items", [])
                if item["path"] in ("password", "owner", "role", "reader")]
        allowed = {"evaluator": 1 + 3 * inside, "notifier": 1 + 2 * inside, "test": 1, "setup": 7, "trial-postgres": 1}
        assert len(keys) == allowed.get(component, 0), (name, keys)


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_each_pod_is_selected_by_one_network_policy(values):
    found = objects(values)
    policies = [one for one in found if one["kind"] == "NetworkPolicy"]
    if values.stem == "60-off":
        assert not policies
        return
    for name, labels, _ in pods(found):
        selecting = [one["metadata"]["name"] for one in policies
                     if one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        assert len(selecting) == 1, (name, selecting)
    for one in policies:
        assert set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        for rule in one["spec"].get("ingress") or []:
            assert rule.get("ports"), "%s: a rule without ports lets everything in" % one["metadata"]["name"]
        for rule in one["spec"].get("egress") or []:
            assert rule.get("ports"), "%s: a rule without ports lets everything out" % one["metadata"]["name"]


def test_policies_follow_what_each_process_may_reach():
    """The privilege paragraphs: ingest has no database, evaluator no sink."""
    ports = {}
    for one in objects(HERE / "values/10-tls.yaml"):
        if one["kind"] == "NetworkPolicy":
            name = one["metadata"]["labels"]["app.kubernetes.io/component"]
            ports[name] = {port["port"] for rule in one["spec"]["egress"] for port in rule["ports"]}
    kafka, database, dns, sinks = {9094}, {5432}, {53}, {9093, 443}
    assert ports == {"ingest": dns | kafka, "evaluator": dns | kafka | database, "notifier": dns | kafka | database | sinks,
                     "setup": dns | kafka | database, "test": dns | database | {8080}}


@pytest.mark.parametrize("watched", (True, False))
def test_a_changed_file_changes_the_pods_that_do_not_take_it_in(tmp_path, watched):
    def sums(**changed):
        values = yaml.safe_load((HERE / "values/30-written.yaml").read_text())
        values["watchFiles"] = watched
        values.update(changed)
        path = tmp_path / "values.yaml"
        path.write_text(yaml.safe_dump(values))
        return {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["annotations"] for one in objects(path)
                if one["kind"] in ("Deployment", "StatefulSet")}
    before = sums()

    def moved(**changed):
        after = sums(**changed)
        return {name for name, annotations in after.items() if annotations != before[name]}
    assert moved(log={"level": "warn"}) == {"r-postern-ingest", "r-postern-evaluator", "r-postern-notifier"}
    for name, changed in (("ingest", {"subjects": {"rules": []}}),
                          ("evaluator", {"pack": {"files": {"pack.yaml": "pack: other"}}}),
                          ("notifier", {"roles": {"fallback": "shop", "parties": {"shop": {"title": "Shop"}}}})):
        assert moved(**changed) == (set() if watched else {"r-postern-" + name})


@pytest.mark.parametrize("values", MATRIX, ids=by_name)
def test_each_process_takes_the_files_it_is_given(values, tmp_path):
    """What --check says of them, as the hook asks it, at other paths."""
    binaries = os.environ.get("POSTERN_BIN")
    if not binaries:
        pytest.skip("POSTERN_BIN names no folder of the services")
    (tmp_path / "etc").mkdir()
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ingest", "-keyout", key, "-out", certificate)
    for one in objects(values):
        component = one["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        if one["kind"] != "ConfigMap" or component not in ("ingest", "evaluator", "notifier"):
            continue
        folder = tmp_path / ("pack" if one["metadata"]["name"].endswith("-pack") else "etc")
        folder.mkdir(exist_ok=True)
        for name, text in one["data"].items():
            for secret in re.findall(r"/run/secrets/postern/([a-z-]+/[a-zA-Z.-]+)", text):
                path = tmp_path / "secrets" / secret
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(certificate.read_text() if secret.endswith(".crt") else key.read_text() if secret.endswith(".key")
                                else "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
            text = text.replace("/run/secrets/postern", str(tmp_path / "secrets")).replace("/etc/postern", str(tmp_path / "etc"))
            text = text.replace("/usr/share/postern/packs", str(ROOT / "packs")).replace("/srv/postern/pack", str(tmp_path / "pack"))
            (folder / name).write_text(text)
    for name in ("sources", "subjects", "roles", "routes"):  # those that the chart takes from elsewhere
        elsewhere = ROOT / "config" / (name + ".yaml")
        text = elsewhere.read_text() if elsewhere.exists() else "%s: []\n" % {"sources": "sources", "subjects": "rules"}[name]
        if not (tmp_path / "etc" / (name + ".yaml")).exists():
            (tmp_path / "etc" / (name + ".yaml")).write_text(text)
    if not (tmp_path / "pack").exists():
        shutil.copytree(ROOT / "packs/ssdf-po", tmp_path / "pack")
    for service in ("ingest", "evaluator", "notifier"):
        run(pathlib.Path(binaries) / ("postern-" + service), "--config", tmp_path / "etc" / (service + ".yaml"), "--check")


# (check, object) that kube-score finds and we leave.
WAIVED = (
    # Tags of releases are never moved, and a registry that is away must stop no restart.
    ("container-image-pull-policy", "."),
    # Their images were made by others, with users of their own.
    ("container-security-context-user-group-id", "postern-(kafka|postgres)$"),
)


@pytest.mark.parametrize("values", [HERE / "values/00-least.yaml", HERE / "values/10-tls.yaml", TRIAL], ids=by_name)
def test_kube_score_finds_nothing_unexplained(values, tmp_path):
    tool("kube-score")
    out = tmp_path / "objects.yaml"
    out.write_text(rendered(values))
    found = json.loads(run("kube-score", "score", "--kubernetes-version", "v%d.%d" % minor(LEAST), "--output-format", "json", out, expect=None).stdout)
    left = []
    for one in found:
        for check in one["checks"] or []:
            if check["grade"] < 5 and not check["skipped"] and not any(
                        check["check"]["id"] == name and re.search(which, one["object_name"]) for name, which in WAIVED):
                left.append("%s %s: %s" % (one["object_name"], check["check"]["id"],
                                           [comment["summary"] for comment in check["comments"] or []]))
    assert not left, "\n".join(left)


def test_pages_and_copies_are_what_they_are_made_from():
    binaries = os.environ.get("POSTERN_BIN")
    if not binaries:
        pytest.skip("POSTERN_BIN names no folder of the services")
    run("/usr/bin/python3", ROOT / "helm/generate", binaries, "--check")


def test_chart_and_compose_file_are_of_the_version_that_is_built():
    """Their images are named after it; who changes one number has to change all."""
    built = re.search(r"^project\(postern VERSION ([0-9.]+) ", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    named = re.findall(r"\$\{POSTERN_VERSION:-([^}]*)\}", (ROOT / "docker-compose.yml").read_text())
    assert (chart["version"], chart["appVersion"]) == (built, built), "helm/postern/Chart.yaml"
    assert named and set(named) == {built}, "docker-compose.yml says %s, CMakeLists.txt %s" % (sorted(set(named)), built)
