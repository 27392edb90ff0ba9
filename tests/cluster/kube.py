# SPDX-License-Identifier: Apache-2.0
"""kubectl and helm, and a way to a Service from outside that survives its pods."""
import json
import os
import pathlib
import re
import subprocess
import threading
import time

from waiting import PATIENCE, until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm/postern"


def run(*words, expect=0, text=None, seconds=300):
    """What a program said; `expect` None takes any end."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, input=text, check=False,
                          timeout=seconds * PATIENCE)
    if expect is not None:
        assert done.returncode == expect, "%s\nended with %d:\n%s%s" % (" ".join(map(str, words)), done.returncode, done.stdout,
                                                                       done.stderr)
    return done


def chart(*words):
    """Arguments of helm for our chart; POSTERN_CHART_VALUES is a file of values over all
    others, such as another registry."""
    more = os.environ.get("POSTERN_CHART_VALUES")
    return [CHART, *words, *(("-f", more) if more else ())]


class Namespace:
    def __init__(self, name):
        self.name, self.forwards = name, []

    def kubectl(self, *words, **more):
        return run("kubectl", "-n", self.name, *words, **more)

    def make(self):
        run("kubectl", "create", "namespace", self.name)
        run("kubectl", "label", "namespace", self.name, "pod-security.kubernetes.io/enforce=restricted",
            "pod-security.kubernetes.io/warn=restricted")
        # Pods are refused until their namespace has its account.
        until("the account of " + self.name, lambda: self.kubectl("get", "serviceaccount", "default").returncode == 0, 60)
        return self

    def drop(self):
        for one in self.forwards:
            one.close()
        # A claim goes before its volume, and a pod before its claim.
        self.kubectl("delete", "all,job,pod", "--all", "--force", "--grace-period=0", "--wait=false", expect=None)
        self.kubectl("delete", "pvc", "--all", "--timeout=60s", expect=None)
        run("kubectl", "delete", "namespace", self.name, "--timeout=120s", expect=None)

    def helm(self, *words, **more):
        return run("helm", "-n", self.name, *words, **more)

    def apply(self, *objects):
        # As JSON: to kubectl's YAML a bare y is a truth value.
        self.kubectl("apply", "-f", "-", text="\n".join(json.dumps(one) for one in objects))

    def secret(self, name, **data):
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "stringData": data})

    def get(self, kind, *words):
        return json.loads(self.kubectl("get", kind, *words, "-o", "json").stdout)["items"]

    def pods(self, component):
        return {one["metadata"]["name"]: one for one in self.get("pod", "-l", "app.kubernetes.io/component=" + component)}

    def job_said(self, job):
        """What each container of the job's pods said, behind its name. One by one: of a pod that
        ended in an init container kubectl gives nothing where it is asked for all."""
        said = []
        for pod in self.get("pod", "-l", "job-name=" + job):
            for one in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
                lines = self.kubectl("logs", pod["metadata"]["name"], "-c", one["name"], expect=None).stdout.splitlines()
                said += ["%s: %s" % (one["name"], line) for line in lines]
        return "\n".join(said)

    def wait_ready(self, component, seconds=180):
        def ready():
            found = self.pods(component)
            lacking = [name for name, one in found.items() if not any(
                condition["type"] == "Ready" and condition["status"] == "True" for condition in one["status"].get("conditions", []))]
            assert found and not lacking, "not ready: %s of %s" % (lacking, list(found))
            return True
        until("%s to be ready" % component, ready, seconds, pause=0.5)

    def forward(self, service, port):
        made = Forward(self.name, service, port)
        self.forwards.append(made)
        return made

    def logs(self):
        """For whoever reads why a test failed."""
        said = [self.kubectl("get", "all,pvc", "-o", "wide", expect=None).stdout]
        for one in self.get("pod"):
            name = one["metadata"]["name"]
            said.append("--- %s\n%s" % (name, self.kubectl("logs", name, "--all-containers", "--prefix", "--tail=40",
                                                          expect=None).stdout))
        said.append(self.kubectl("get", "events", "--sort-by=.lastTimestamp", expect=None).stdout[-4000:])
        return "\n".join(said)


class Forward:
    """`kubectl port-forward` to whatever pod of a Service is ready, begun anew when it ends."""

    def __init__(self, namespace, service, port):
        self.words = ["kubectl", "-n", namespace, "port-forward", "service/" + service, ":%d" % port]
        self.port, self.process, self.closing = None, None, False
        self.thread = threading.Thread(target=self.keep, daemon=True)
        self.thread.start()
        until("a way to " + service, lambda: self.port, 60)

    def keep(self):
        while not self.closing:
            self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for line in self.process.stdout:
                found = re.match(r"Forwarding from 127\.0\.0\.1:([0-9]+)", line)
                if found:
                    self.port = int(found.group(1))
                elif "error" in line or "lost connection" in line:
                    break
            self.port = None
            self.process.kill()
            self.process.wait()
            time.sleep(0.3)

    def url(self):
        port = self.port
        if not port:
            raise ConnectionError("no way in at the moment")
        return "http://127.0.0.1:%d" % port

    def close(self):
        self.closing = True
        if self.process:
            self.process.kill()
