# SPDX-License-Identifier: Apache-2.0
"""docker-compose.yml as it is, driven as somebody who deploys it would."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import requests

from waiting import PATIENCE, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ("ingest", "evaluator", "notifier")
SERVERS = ("kafka", "postgres", "alertmanager")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Compose:
    """One project: its own containers, networks, volumes and ports."""

    def __init__(self, project, config=None):
        self.project, self.listen, self.alerts = project, free_port(), free_port()
        self.environment = dict(os.environ, COMPOSE_PROJECT_NAME=project, POSTERN_LISTEN="127.0.0.1:%d" % self.listen,
                                POSTERN_ALERTMANAGER_LISTEN="127.0.0.1:%d" % self.alerts)
        if config:
            self.environment["POSTERN_CONFIG"] = str(config)

    def call(self, *words, data=None, seconds=300):
        """(exit code, standard output, standard error) of docker compose WORDS."""
        done = subprocess.run(["docker", "compose", *words], cwd=ROOT, env=self.environment, text=True, capture_output=True,
                              input=data if data is not None else "", timeout=seconds * PATIENCE, check=False)
        return done.returncode, done.stdout, done.stderr

    def must(self, *words, **more):
        code, out, err = self.call(*words, **more)
        assert code == 0, "docker compose %s ended with %d:\n%s%s%s" % (" ".join(words), code, out[-3000:], err[-3000:], self.why())
        return out

    def why(self):
        """What the containers said, where something went wrong."""
        _, out, err = self.call("logs", "--no-color", "--tail", "15")
        _, rows, _ = self.call("ps", "-a")
        return "\n%s\n%s%s" % (rows, out[-6000:], err[-500:])

    def up(self, *words):
        return self.must("up", "-d", "--no-build", "--quiet-pull", "--wait", *words)

    def down(self):
        self.must("down", "-v", "--timeout", "20", "--remove-orphans")

    def containers(self, service, every=True):
        return self.must("ps", "-q", *(["-a"] if every else []), service).split()

    def inspect(self, service):
        names = self.containers(service)
        assert names, "no container of " + service
        return json.loads(subprocess.run(["docker", "inspect", *names], check=True, capture_output=True, text=True).stdout)

    def healthy(self, service, count=1):
        rows = [one["State"].get("Health", {}).get("Status") for one in self.inspect(service)]
        assert rows == ["healthy"] * count, "%s: %s" % (service, rows)
        return True

    def wait_healthy(self, service, count=1, seconds=60):
        until("%d healthy %s" % (count, service), lambda: self.healthy(service, count), seconds, pause=0.3)

    def crash(self, service):
        """kill -9 of its PID 1 from outside, so that the restart policy sees a crash;
        `docker kill` would count as somebody's wish."""
        for one in self.inspect(service):
            os.kill(one["State"]["Pid"], signal.SIGKILL)

    def cli(self, *words, data=None):
        return self.call("run", "--rm", "-T", "cli", *words, data=data, seconds=60)

    def url(self):
        return "http://127.0.0.1:%d" % self.listen

    def board(self):
        """(criterion, subject) -> verdict, by the command line's own image."""
        code, out, err = self.cli("state", "--json")
        assert code in (0, 1, 3), "state ended with %d: %s%s" % (code, out, err)
        rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return {(row["criterion"], row["subject"]): row["verdict"] for row in rows}

    def standing(self, **labels):
        answer = requests.get("http://127.0.0.1:%d/api/v2/alerts" % self.alerts, timeout=5)
        answer.raise_for_status()
        return [one for one in answer.json() if all(one["labels"].get(name) == value for name, value in labels.items())
                and one["status"]["state"] == "active"]

    def secret(self, name):
        return self.must("exec", "-T", "ingest", "cat", "/run/secrets/sources/" + name).strip()

    def kafka(self, tool, *words):
        """One of Kafka's own tools, inside its container."""
        return self.must("exec", "-T", "kafka", "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                         "/opt/kafka/libs/*", tool, "--bootstrap-server", "localhost:9092", *words)

    def evidence(self):
        """Every evidence record of the topic, read by Kafka's own consumer."""
        ends = self.kafka("org.apache.kafka.tools.GetOffsetShell", "--topic", "postern.evidence", "--time", "latest")
        count = sum(int(line.rsplit(":", 1)[1]) for line in ends.splitlines() if line.startswith("postern.evidence:"))
        out = self.kafka("org.apache.kafka.tools.consumer.ConsoleConsumer", "--topic", "postern.evidence", "--from-beginning",
                         "--max-messages", str(count), "--timeout-ms", "60000")
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def refused(self, seconds=30):
        """`up` must end by itself within `seconds`; returns what setup said."""
        began = time.monotonic()
        code, _, err = self.call("up", "-d", "--no-build", "--wait")
        took = time.monotonic() - began
        assert code != 0, "compose up went well"
        assert took < seconds * PATIENCE, "compose up took %.1f s to say no" % took
        assert "setup" in err, err
        done = subprocess.run(["docker", "logs", "--since", "%ds" % (int(took) + 1), *self.containers("setup")], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout
