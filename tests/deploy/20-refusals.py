# SPDX-License-Identifier: Apache-2.0
"""What is wrong stops `compose up` within 30 seconds, with a sentence."""
import subprocess

import pytest

FOLDER = {}


def CONFIG(folder):  # pylint: disable=invalid-name
    FOLDER["config"] = folder


@pytest.fixture
def edited():
    """Lets a test change one file of the configuration, and puts it right again."""
    kept = {}

    def edit(name, old, new):
        path = FOLDER["config"] / name
        kept.setdefault(path, path.read_text())
        assert old in path.read_text(), old
        path.write_text(path.read_text().replace(old, new))
    yield edit
    for path, text in kept.items():
        path.write_text(text)


def sentence(said):
    """The one line that says it: what is before setup's own last one."""
    lines = [line for line in said.splitlines() if line.strip()]
    assert lines[-1].startswith("setup: "), said
    return lines[-2] + "\n" + lines[-1]


@pytest.mark.parametrize("name, old, new, words", [
    ("roles.yaml", "fallback: everybody", "fallback: nobody", ["roles.yaml:6", "nobody", "postern-notifier would not start"]),
    ("sources.yaml", "/run/secrets/sources/events", "/run/elsewhere/events", ["/run/elsewhere/events", "No such file", "postern-ingest"]),
    ("evaluator.yaml", "/usr/share/postern/packs/ssdf-po", "/etc/postern/no-pack", ["/etc/postern/no-pack", "postern-evaluator"]),
    ("ingest.yaml", "insecure: true", "insecure: false", ["listen-address", "would not be encrypted", "postern-ingest"]),
    ("ingest.yaml", "partitions: 6", "partition: 6", ["ingest.yaml:", "partition", "no setting"]),
])
def test_a_wrong_file_stops_up(stack, edited, name, old, new, words):
    edited(name, old, new)
    said = sentence(stack.refused())
    for word in words:
        assert word in said, said


def in_secrets(stack, volume, command):
    image = stack.inspect("setup")[0]["Config"]["Image"]
    subprocess.run(["docker", "run", "--rm", "--user", "0", "-v", "%s_secrets-%s:/s" % (stack.project, volume), "--entrypoint", "sh",
                    image, "-ec", command], check=True)


def test_a_wrong_password_stops_up(stack):
    in_secrets(stack, "owner", "cp /s/password /s/kept; echo wrong >/s/new; mv /s/new /s/password; chmod 444 /s/password")
    try:
        said = sentence(stack.refused())
        assert "password authentication failed" in said and "28P01" in said and "PostgreSQL" in said, said
        assert "wrong" not in said.replace("would", "").split("password")[0], said
    finally:
        in_secrets(stack, "owner", "mv /s/kept /s/password")
    stack.up()


def test_a_topic_that_would_lose_records_stops_up(stack):
    words = ["--entity-type", "topics", "--entity-name", "postern.evidence", "--alter"]
    stack.kafka("kafka.admin.ConfigCommand", *words, "--add-config", "cleanup.policy=compact")
    try:
        said = sentence(stack.refused())
        assert "postern.evidence" in said and "compacted" in said and "cleanup.policy=delete" in said, said
    finally:
        stack.kafka("kafka.admin.ConfigCommand", *words, "--add-config", "cleanup.policy=delete")
    stack.up()


def test_a_lost_secret_is_said_and_not_made_up(stack):
    """A new owner's password would not be the database's: up stops and says so."""
    in_secrets(stack, "owner", "mv /s/password /s/kept")
    try:
        said = sentence(stack.refused())
        assert "password authentication failed" in said, said
    finally:
        in_secrets(stack, "owner", "mv -f /s/kept /s/password")
    stack.up()
