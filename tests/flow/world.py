# SPDX-License-Identifier: Apache-2.0
"""A Postern of its own for a test: topics by prefix, a database, files, processes."""
import base64
import collections
import hashlib
import itertools
import json
import os
import pathlib
import re
import socket
import threading
import time

import psycopg2
import psycopg2.extras
import requests
import yaml

import contract
import senders
import topics
from service import Service, run
from stack import ROOT
from waiting import PATIENCE, until

NAMES = ("ingest", "evaluator", "notifier")
TOPICS = ("deliveries", "evidence", "rejected", "parked", "verdicts", "state", "notices")
numbers = itertools.count(1)
Sent = collections.namedtuple("Sent", "source digest size at done code")

SECRETS = {
    "github-acme": "correct horse battery staple",
    "argocd-acme": "argo-token-8f14e45fceea167a",
    "trivy-acme": "trivy-token-c9f0f895fb98ab91",
    "events-acme": "whsec_" + base64.b64encode(b"flow tests sign with this key 01").decode(),
    "quiet-tool": "quiet-token-45c48cce2e2d7fbd",
}
SOURCES = [
    {"name": "github-acme", "tool": "github", "interval": "24h"},
    {"name": "argocd-acme", "tool": "argocd", "interval": "24h"},
    {"name": "trivy-acme", "tool": "trivy", "interval": "24h"},
    {"name": "events-acme", "tool": "cloudevents", "interval": "24h"},
]
SIGNERS = {"github": senders.sign_github, "argocd": senders.sign_bearer, "trivy": senders.sign_bearer,
           "cloudevents": senders.sign_standard_webhooks}


class World:
    """Files are written by `prepare`; change `sources`, `settings` and the like before."""

    def __init__(self, stack, folder, binaries, partitions=2):
        self.stack, self.folder, self.binaries, self.partitions = stack, pathlib.Path(folder), pathlib.Path(binaries), partitions
        self.folder.mkdir(parents=True, exist_ok=True)
        number = "%d_%d" % (os.getpid(), next(numbers))
        self.prefix, self.database = "flow-" + number.replace("_", "-"), "flow_" + number
        # Worlds share the Alertmanagers: a tenant of its own keeps alerts apart.
        self.tenant = "t" + number.replace("_", "-")
        self.sources = [dict(one, tenant=self.tenant) for one in SOURCES]
        self.secrets = dict(SECRETS)
        self.subjects = {"rules": [
            {"tool": "argocd", "match": {"application": "shop-*"}, "labels": {"service": "shop", "environment": "{1}"}},
            {"tool": "github", "match": {"repository": "acme/shop"}, "labels": {"service": "shop"}},
        ]}
        self.pack = ROOT / "tests/flow/pack"
        self.roles = yaml.safe_load((ROOT / "tests/flow/roles.yaml").read_text())
        self.routes = None  # by default: everything to the first Alertmanager
        self.alertmanagers = stack.alertmanagers[:1]
        self.settings = {
            "ingest": {"listen-port": 0, "counts-every": "1s", "heartbeat-every": "1s", "spool-size": "64MiB"},
            "evaluator": {"lease-time": "3s"},
            "notifier": {"lease-time": "3s", "refresh-every": "2s", "resolved-for": "1m"},
        }
        self.services = {}
        self.sent = []
        self.lock = threading.Lock()
        self.session = requests.Session()
        self.checked = {}
        self.dropped = False

    # -- files and topics

    def write(self, name, value):
        path = self.folder / name
        text = value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False)
        path.write_text(text)
        return path

    def topic(self, name):
        return self.prefix + "." + name

    def conninfo(self, service):
        return self.stack.conninfo(self.database, "postern_" + service)

    def write_files(self):
        rows = []
        for one in self.sources:
            secret = self.folder / (one["name"] + ".secret")
            secret.write_text(self.secrets[one["name"]] + "\n")
            rows.append(dict({"secrets": [{"file": str(secret)}]}, **one))
        self.write("sources.yaml", {"sources": rows})
        self.write("subjects.yaml", self.subjects)
        self.write("roles.yaml", self.roles)
        routes = self.routes or {"sinks": {"pager": {"kind": "alertmanager", "urls": self.alertmanagers}},
                                 "routes": [{"sinks": ["pager"]}]}
        self.write("routes.yaml", routes)
        common = {"kafka-brokers": self.stack.kafka, "topic-prefix": self.prefix, "admin-port": 0,
                  "partitions": self.partitions, "log-level": "debug" if os.environ.get("POSTERN_DEBUG") else "info"}
        files = {
            "ingest": {"sources": self.folder / "sources.yaml", "subjects": self.folder / "subjects.yaml",
                       "spool-dir": self.folder / "spool"},
            "evaluator": {"postgres": self.conninfo("evaluator"), "pack": self.pack},
            "notifier": {"postgres": self.conninfo("notifier"), "roles": self.folder / "roles.yaml",
                         "routes": self.folder / "routes.yaml"},
        }
        for service in NAMES:
            rows = dict(common, **files[service])
            rows.update(self.settings[service])
            self.write(service + ".yaml", {key: str(value) if isinstance(value, pathlib.Path) else value
                                           for key, value in rows.items()})

    def program(self, service):
        return self.binaries / ("postern-" + service)

    def tool(self, service, *words, **more):
        """A run of a service's program that ends by itself."""
        return run(self.program(service), "--config", self.folder / (service + ".yaml"), *words, **more)

    def must(self, service, *words):
        code, out, err = self.tool(service, *words)
        assert code == 0, "postern-%s %s ended with %d:\n%s%s" % (service, " ".join(words), code, out, err)
        return out

    def prepare(self, topics_too=True):
        self.write_files()
        self.stack.sql('CREATE DATABASE "%s"' % self.database)
        for service in ("evaluator", "notifier"):
            code, out, err = run(self.program(service), "--config", self.folder / (service + ".yaml"), "--postgres",
                                 self.stack.conninfo(self.database), "--migrate")
            assert code == 0, "postern-%s --migrate: %s%s" % (service, out, err)
        if topics_too:
            self.must("ingest", "--create-topics")
        return self

    # -- processes

    def add(self, service, name=None, *words, environment=None):
        """An instance that is not started yet; `name` tells a second one apart."""
        name = name or service
        made = Service(self.program(service), ["--config", self.folder / (service + ".yaml"), *words], self.folder, name,
                       environment)
        self.services[name] = made
        return made

    def start(self, *names, ready=True):
        for name in names or NAMES:
            if name not in self.services:
                self.add(name)
            self.services[name].start()
        for name in names or NAMES:
            if ready:
                self.services[name].wait_ready()
        return self

    def stop(self, *names):
        for name in names or reversed(list(self.services)):
            self.services[name].stop()

    def __getitem__(self, name):
        return self.services[name]

    def url(self, ingest="ingest"):
        return "http://127.0.0.1:%d" % self.services[ingest].port("INGEST-LISTENING")

    # -- sending, with a log of each answer

    def source(self, name):
        return next(one for one in self.sources if one["name"] == name)

    def signed(self, source, body):
        return SIGNERS[self.source(source)["tool"]](self.secrets[source], body)

    def send(self, source, request, ingest="ingest", expect=200, session=None, timeout=20, proof=None):
        """`request` is (headers, body); a body that is no bytes is sent as JSON.
        `proof` is what `signed` gave: a sender that tries again signs once."""
        headers, body = request
        body = senders.encode(body)
        headers = dict(headers, **(proof or self.signed(source, body)))
        began = time.time()
        answer = (session or self.session).post("%s/v1/hooks/%s" % (self.url(ingest), source), data=body, headers=headers,
                                                timeout=timeout * PATIENCE)
        self.note(source, body, began, answer.status_code)
        if expect is not None:
            assert answer.status_code == expect, "%s: %d %s" % (source, answer.status_code, answer.text[:500])
        return answer

    def note(self, source, body, began, code):
        with self.lock:
            self.sent.append(Sent(source, "sha256:" + hashlib.sha256(body).hexdigest(), len(body), began, time.time(), code))

    def raw(self, data, ingest="ingest", shut=True, seconds=10):
        """Bytes as they are over a socket of our own; all of the answer, b"" where
        the connection was closed without one."""
        port = self.services[ingest].port("INGEST-LISTENING")
        with socket.create_connection(("127.0.0.1", port), timeout=seconds * PATIENCE) as link:
            try:
                link.sendall(data)
                if shut:
                    link.shutdown(socket.SHUT_WR)
                parts = []
                while True:
                    part = link.recv(65536)
                    if not part:
                        return b"".join(parts)
                    parts.append(part)
            except ConnectionResetError:
                return b"".join(parts) if "parts" in locals() else b""

    # -- what came of it

    def records(self, name):
        """All records of a topic so far; each was held against its schema."""
        found = topics.read_all(self.stack.kafka, self.topic(name), 30 * PATIENCE)
        for one in found:
            if (one.topic, one.partition, one.offset) not in self.checked:
                contract.check(one)
                self.checked[one.topic, one.partition, one.offset] = True
        return found

    def events(self, name, **members):
        """Data of the records on a topic whose members are as given."""
        rows = [topics.data(one) for one in self.records(name) if one.value is not None]
        return [row for row in rows if all(row.get(key) == value for key, value in members.items())]

    def evidence(self, **members):
        """Without what ingest says of itself, unless it is asked for."""
        rows = [row for row in self.events("evidence", **members) if "class" in row]
        return [row for row in rows if row["tool"] != "toolstate" or "toolstate" in members.values()]

    def wait_evidence(self, count=1, seconds=30, **members):
        def look():
            rows = self.evidence(**members)
            return rows if len(rows) >= count else None
        return until("%d records of evidence with %s" % (count, members), look, seconds, stop=self.check_alive)

    def wait_rejected(self, source, count=1, seconds=30):
        def look():
            rows = self.events("rejected", source=source)
            return rows if len(rows) >= count else None
        return until("%d rejections of %s" % (count, source), look, seconds, stop=self.check_alive)

    def sql(self, service, statement, *values):
        """Rows as maps, read as the reader role in the service's schema."""
        link = psycopg2.connect(self.stack.conninfo(self.database))
        try:
            with link.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("SET search_path = %s" % self.settings[service].get("schema", service))
                cursor.execute(statement, values or None)
                rows = [dict(row) for row in cursor.fetchall()] if cursor.description else []
            link.commit()
            return rows
        finally:
            link.close()

    def verdict(self, criterion, subject):
        """The newest verdict on the topic; None where there is none."""
        rows = self.events("verdicts", criterion=criterion, subject=subject)
        return max(rows, key=lambda row: (row["version"]["generation"], row["version"]["n"])) if rows else None

    def wait_verdict(self, criterion, subject, wanted, seconds=40):
        def look():
            row = self.verdict(criterion, subject)
            assert row is not None, "no verdict yet"
            assert row["verdict"] == wanted, "verdict is %s: %s" % (row["verdict"], row["summary"])
            return row
        return until("%s of %s to be %s" % (criterion, subject, wanted), look, seconds, pause=0.15, stop=self.check_alive)

    def alerts(self, base=None, **labels):
        answer = requests.get((base or self.alertmanagers[0]) + "/api/v2/alerts", timeout=10)
        answer.raise_for_status()
        rows = [one for one in answer.json() if one["labels"].get("tenant") == self.tenant]
        return [one for one in rows if all(one["labels"].get(key) == value for key, value in labels.items())]

    def subject(self, kind, authority, name):
        return "/".join((self.tenant, kind, authority, name))

    def wait_alert(self, base=None, seconds=40, **labels):
        return until("an alert %s at %s" % (labels, base or self.alertmanagers[0]),
                     lambda: self.alerts(base, **labels), seconds, stop=self.check_alive)[0]

    def wait_no_alert(self, base=None, seconds=40, **labels):
        until("no alert %s at %s" % (labels, base or self.alertmanagers[0]),
              lambda: not self.alerts(base, **labels), seconds, stop=self.check_alive)

    def check_alive(self):
        for service in self.services.values():
            if service.process is not None and not service.deaths_expected:
                service.check_alive()

    # -- the end

    def close(self, failed=False):
        """Stops all, holds every record against its schema, drops the database."""
        problems = []
        for service in reversed(list(self.services.values())):
            try:
                if service.alive():
                    service.stop()
                service.check_log()
            except AssertionError as error:
                problems.append(str(error))
                service.kill()
        if not failed and not self.dropped:
            problems += self.check_topics()
        if not os.environ.get("POSTERN_KEEP"):
            self.stack.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % self.database)
            topics.delete(self.stack.kafka, [self.topic(name) for name in TOPICS])
        assert not problems, "\n".join(problems)

    def check_topics(self):
        problems = []
        for name in TOPICS:
            try:
                self.records(name)
            except LookupError:
                pass  # this test made no topics
            except AssertionError as error:
                problems.append(str(error))
        return problems

    def tail(self, lines=25):
        parts = []
        for service in self.services.values():
            text = "\n".join(service.text().splitlines()[-lines:])
            parts.append("--- %s (%s)\n%s" % (service.log, "running" if service.alive() else "ended", text))
        return "\n".join(parts)


def safe(name):
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:100]


def dump(value):
    return json.dumps(value, indent=1, sort_keys=True, default=str)
