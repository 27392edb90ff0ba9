#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays demo/day.yaml: renders each delivery, sends it by `postern send`, which signs
it, and compares what became of it with demo/expect.yaml. Called by scripts/demo, and
in containers by the profile `demo` of docker-compose.yml.

usage: play.py day RUN URL POSTERN ALERTMANAGER CONNINFO [options]
       play.py routine RUN URL POSTERN [options]
       play.py stay ...: the day, then the routine until it is ended
       play.py prepare FOLDER ALERTMANAGER: settings, files and secrets of the containers
options: --patience SECONDS, --sources FILE, --schema NAME (of the evaluator)
"""
import base64
import datetime
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import psycopg2
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ASKED = threading.Event()


def stamp(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def named(word):
    """What ${word} stands for, apart from a scene's own names."""
    if word == "now":
        return stamp(0)
    if re.fullmatch(r"now[+-]\d+", word):
        return stamp(int(word[3:]))
    kind, _, text = word.partition(":")
    if kind == "commit":
        return hashlib.sha1(text.encode()).hexdigest()
    if kind == "digest":
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    raise SystemExit("demo: ${%s} stands for nothing" % word)


def fill(node, names):
    """A template with its ${...} filled in, innermost first; a string that is
    nothing but one name takes that name's value as it is."""
    if isinstance(node, dict):
        return {key: fill(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [fill(one, names) for one in node]
    while isinstance(node, str) and "${" in node:
        whole = re.fullmatch(r"\$\{(\w+)\}", node)
        if whole and whole.group(1) in names:
            return names[whole.group(1)]
        node = re.sub(r"\$\{([^${}]*)\}", lambda one: str(names[one.group(1)]) if one.group(1) in names
                      else named(one.group(1)), node)
    return node


class Day:
    def __init__(self, run, url, postern, sources):
        self.run, self.url, self.postern, self.sources = pathlib.Path(run), url, postern, str(sources)
        self.day = yaml.safe_load((HERE / "day.yaml").read_text())
        self.expect = fill(yaml.safe_load((HERE / "expect.yaml").read_text()), {})
        self.folder = self.run / "day"
        self.folder.mkdir(exist_ok=True)
        self.began = time.monotonic()
        self.sent = 0

    def say(self, text):
        print("demo:   [%5.1f s] %s" % (time.monotonic() - self.began, text), flush=True)

    def send(self, scene):
        """Renders, keeps the body below the run folder, sends it."""
        body = fill(self.day["templates"][scene["use"]], dict(self.day["defaults"], **scene.get("with", {})))
        self.sent += 1
        file = self.folder / ("%03d-%s-%s.json" % (self.sent, scene["source"], scene["use"]))
        file.write_text(json.dumps(body, indent=1))
        words = [self.postern, "send", "--sources", self.sources, "--url", self.url, "--source", scene["source"]]
        for name, value in scene.get("headers", {}).items():
            words += ["--header", "%s: %s" % (name, value)]
        done = subprocess.run(words + [str(file)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise SystemExit("demo: sending %s failed: %s" % (file, done.stdout.strip()))

    def routine(self):
        while not ASKED.wait(self.day["routine"]["every"]):
            for scene in self.day["routine"]["scenes"]:
                if not ASKED.is_set():
                    self.send(scene)


class Board:
    """What is the case now, read from the database and from Alertmanager."""

    def __init__(self, conninfo, alertmanager, schema):
        self.link, self.alertmanager, self.schema = psycopg2.connect(conninfo), alertmanager, schema
        self.link.autocommit = True

    def verdict(self, criterion, subject):
        with self.link.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', %s, false)", (self.schema,))
            cursor.execute("SELECT verdict, suppressed_by FROM verdict WHERE criterion = %s AND subject = %s", (criterion, subject))
            return cursor.fetchone() or (None, None)

    def alerts(self):
        with urllib.request.urlopen(self.alertmanager + "/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)

    def differs(self, wanted):
        """What is not yet as wanted, as a sentence; None where all is."""
        verdict, suppressed_by = self.verdict(wanted["criterion"], wanted["subject"])
        what = "%s of %s" % (wanted["criterion"], wanted["subject"])
        if verdict != wanted["verdict"]:
            return "%s is %s, wanted %s" % (what, verdict, wanted["verdict"])
        if suppressed_by != wanted.get("suppressed_by"):
            return "%s follows from %s, wanted %s" % (what, suppressed_by, wanted.get("suppressed_by"))
        standing = [one["labels"].get("owner") for one in self.alerts()
                    if one["labels"].get("criterion") == wanted["criterion"] and one["labels"].get("subject") == wanted["subject"]]
        if wanted["alert"] == "none":
            return "an alert for %s stands: %s" % (what, standing) if standing else None
        return None if standing == [wanted["alert"]] else "alerts for %s: %s, wanted one for %s" % (what, standing, wanted["alert"])

    def wait(self, wanted, seconds):
        deadline = time.monotonic() + seconds
        while True:
            why = self.differs(wanted)
            if why is None:
                return
            if time.monotonic() > deadline:
                raise SystemExit("demo: after %d s: %s" % (seconds, why))
            time.sleep(0.2)


def play(day, board, patience):
    for scene in day.day["scenes"]:
        for name in scene.get("wait", []):
            wanted = day.expect["during"][name]
            board.wait(wanted, patience)
            day.say("  -> %s of %s: %s, alert for %s" % (wanted["criterion"], wanted["subject"], wanted["verdict"], wanted["alert"]))
        if "at" in scene:
            time.sleep(max(0, scene["at"] - (time.monotonic() - day.began)))
        if "says" in scene:
            day.say(scene["says"])
        day.send(scene)
    day.say("the day's deliveries are in; waiting for what they lead to")
    for wanted in day.expect["final"]:
        board.wait(wanted, patience)
    # All of it at once: nothing may have tipped over while the rest was waited for.
    for wanted in day.expect["final"]:
        why = board.differs(wanted)
        if why is not None:
            raise SystemExit("demo: " + why)
    day.say("all %d verdicts are as expected" % (len(day.expect["final"]) + len(day.expect["during"])))


def show_alerts(board, day):
    rows = [one["labels"] for one in board.alerts()]
    print("\nAlerts that stand in Alertmanager")
    for row in sorted(rows, key=lambda one: one.get("criterion", "")):
        if row["alertname"] == "PosternWatchdog":
            print("  %-9s %-9s always fires: when it stops, Postern has stopped" % ("", row["alertname"]))
        else:
            print("  %-9s %-9s %s  -> %s (%s)" % (row.get("severity", ""), row["criterion"], row["subject"], row["owner"], row["role"]))
    print("\nAlerts that stood and were resolved")
    for row in day.expect["during"].values():
        print("  %-9s %s  -> %s" % (row["criterion"], row["subject"], row["alert"]))


SETTINGS = """kafka-brokers: kafka:9092
topic-prefix: demo
partitions: 2
admin-address: 0.0.0.0
admin-port: 9464
"""


def keep(path, text):
    """Writes a file unless it is there: a secret stays what it was."""
    if not path.exists():
        path.touch(mode=0o400)
        path.chmod(0o600)
        path.write_text(text)
        path.chmod(0o400)


def prepare(folder, alertmanager):
    """What scripts/demo writes for its processes, for containers: beside the real
    suite, on topics and schemas of the demo's own."""
    hidden = folder / "secrets"
    hidden.mkdir(exist_ok=True)
    sources = (HERE / "sources.yaml").read_text()
    for name in re.findall(r"{env: (\w+)}", sources):
        keep(hidden / name, "whsec_%s\n" % base64.b64encode(secrets.token_hex(24).encode()).decode())
    (folder / "sources.yaml").write_text(re.sub(r"{env: (\w+)}", r"{file: %s/\1}" % hidden, sources))
    for name in ("subjects.yaml", "roles.yaml"):
        shutil.copyfile(HERE / name, folder / name)
    shutil.copytree(HERE / "pack", folder / "pack", dirs_exist_ok=True)
    (folder / "routes.yaml").write_text((HERE / "routes.yaml").read_text().replace("@ALERTMANAGER@", alertmanager))
    (folder / "ingest.yaml").write_text(SETTINGS + """listen-address: 0.0.0.0
insecure: true
sources: %(folder)s/sources.yaml
subjects: %(folder)s/subjects.yaml
spool-dir: /var/lib/postern/spool
counts-every: 1s
heartbeat-every: 1s
instance: demo
""" % {"folder": folder})
    database = "postgres: host=postgres dbname=postern user=postern_%(name)s\n" \
               "postgres-password-file: /run/secrets/%(name)s/password\nschema: demo_%(name)s\nlease-time: 5s\n"
    (folder / "evaluator.yaml").write_text(SETTINGS + database % {"name": "evaluator"} + "pack: %s/pack\n" % folder)
    (folder / "notifier.yaml").write_text(SETTINGS + database % {"name": "notifier"} +
                                          "roles: %(folder)s/roles.yaml\nroutes: %(folder)s/routes.yaml\n"
                                          "refresh-every: 10s\nwatchdog: false\n" % {"folder": folder})
    print("demo: settings, files and secrets are in " + str(folder))


def option(words, name, otherwise):
    return words[words.index(name) + 1] if name in words else otherwise


def main():
    words = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))  # as PID 1 nothing ends us otherwise
    if words[0] == "prepare":
        prepare(pathlib.Path(words[1]), words[2])
        return
    day = Day(*words[1:4], option(words, "--sources", HERE / "sources.yaml"))
    if words[0] == "routine":
        day.sent = 500
        day.routine()
        return
    patience = float(option(words, "--patience", 60))
    board = Board(words[5], words[4], option(words, "--schema", "evaluator"))
    helper = threading.Thread(target=day.routine, daemon=True)
    helper.start()
    try:
        play(day, board, patience)
        show_alerts(board, day)
        if words[0] == "stay":
            print("\nThe scanner and Argo CD go on until this container is stopped.", flush=True)
            helper.join()
    finally:
        ASKED.set()
        helper.join(30)


if __name__ == "__main__":
    main()
