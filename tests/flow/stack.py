# SPDX-License-Identifier: Apache-2.0
"""The servers that scripts/stack runs: where they are, stopping and starting them."""
import os
import pathlib
import subprocess

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Stack:
    def __init__(self, run):
        self.run = run
        rows = dict(line.split("=", 1) for line in (pathlib.Path(run) / "env").read_text().split())
        self.kafka = rows["POSTERN_KAFKA"]
        self.kafka_sasl, self.kafka_mutual = rows.get("POSTERN_KAFKA_SASL"), rows.get("POSTERN_KAFKA_MUTUAL")
        self.postgres = rows["POSTERN_PG"]
        self.alertmanagers = rows["POSTERN_ALERTMANAGERS"].split(",")

    def call(self, *words):
        done = subprocess.run([str(ROOT / "scripts/stack"), *words, "--run", self.run], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        assert done.returncode == 0, "scripts/stack %s: %s" % (" ".join(words), done.stdout)

    def stop(self, name):
        self.call("stop", name)

    def kill(self, name):
        self.call("kill", name)

    def start(self, name):
        self.call("start", name)

    def conninfo(self, database, role="postgres"):
        return self.postgres.replace("postgres@", role + "@").rsplit("/", 1)[0] + "/" + database

    def sql(self, statement, database="postern"):
        link = psycopg2.connect(self.conninfo(database))
        link.autocommit = True
        try:
            with link.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()


def of_environment():
    """The servers of scripts/test, or None where nobody started them."""
    run = os.environ.get("POSTERN_RUN")
    return Stack(run) if run and os.path.exists(os.path.join(run, "env")) else None
