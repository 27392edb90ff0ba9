# SPDX-License-Identifier: Apache-2.0
"""Figure 3, false acknowledgements: 2xx answers whose bytes are not on the topic once
the spool has drained, divided by all 2xx answers, while ingest is killed and the broker
is killed, stalled and restarted. Unlike the other figures this one has a right answer."""
import hashlib
import http.client
import multiprocessing
import os
import pathlib
import random
import signal
import threading
import time

import common
import topics

WANTED = int(os.environ.get("POSTERN_BENCH_DELIVERIES", "100000"))
PROCESSES, THREADS = 2, 16


def headers(text):
    return dict(common.worlds.SIGNERS["github"](common.worlds.SECRETS["github-acme"], text),
                **{"Content-Type": "application/json", "X-GitHub-Event": "push"})


def send_until(port_file, stop, queue, number):
    """One connection kept alive; each body is sent once, and its answer is noted."""
    step, results = 0, []
    link = None
    while not stop.is_set():
        text = ('{"ref":"refs/heads/main","n":"%d-%d"}' % (number, step)).encode()
        step += 1
        began = time.monotonic()
        try:
            if link is None:
                link = http.client.HTTPConnection("127.0.0.1", int(port_file.read_text()), timeout=30)
            link.request("POST", "/v1/hooks/github-acme", text, headers(text))
            answer = link.getresponse()
            answer.read()
            results.append((answer.status, hashlib.sha256(text).hexdigest() if answer.status < 300 else "",
                            time.monotonic() - began))
            if answer.status != 200:
                time.sleep(0.02)
        except (OSError, http.client.HTTPException, ValueError):
            link = None
            time.sleep(0.05)
        if len(results) >= 200:
            queue.put(results)
            results = []
    queue.put(results)


def client(port_file, stop, queue, number):
    threads = [threading.Thread(target=send_until, args=(port_file, stop, queue, number * THREADS + one))
               for one in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


class Said:
    """What the clients were answered, collected as it comes."""

    def __init__(self, answers):
        self.answers, self.accepted, self.codes, self.slowest = answers, set(), {}, 0.0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            results = self.answers.get()
            if results is None:
                return
            for code, digest, took in results:
                self.codes[code] = self.codes.get(code, 0) + 1
                self.slowest = max(self.slowest, took)
                if digest:
                    self.accepted.add("sha256:" + digest)

    def close(self):
        self.answers.put(None)
        self.thread.join()


class Trouble:
    """Kills ingest; stops, stalls and kills the broker; one thing after another."""

    def __init__(self, world, port_file, seed):
        self.world, self.port_file, self.dice = world, port_file, random.Random(seed)
        self.counts = {"ingest killed": 0, "broker killed": 0, "broker stalled": 0}

    def note_port(self):
        self.port_file.write_text(str(self.world["ingest"].port("INGEST-LISTENING")))

    def broker(self):
        return int(pathlib.Path(self.world.stack.run, "kafka.pid").read_text().split()[0])

    def once(self):
        what = self.dice.choice(sorted(self.counts))
        self.counts[what] += 1
        if what == "ingest killed":
            self.world["ingest"].kill()
            self.world["ingest"].start()
            self.note_port()
        elif what == "broker killed":
            self.world.stack.kill("kafka")
            time.sleep(self.dice.uniform(0.5, 4))
            self.world.stack.start("kafka")
        else:
            os.kill(self.broker(), signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.5, 4))
            os.kill(self.broker(), signal.SIGCONT)
        time.sleep(self.dice.uniform(1, 4))


def drained(world):
    deadline = time.monotonic() + 300
    while world["ingest"].metric("ingest_spool_records") > 0:
        assert time.monotonic() < deadline, "the spool did not drain"
        time.sleep(0.5)


if __name__ == "__main__":
    made = common.open_world("false-acks")
    made.settings["ingest"].update({"connections": 200, "connections-per-peer": 200, "spool-size": "512MiB"})
    made.prepare().start("ingest")
    trouble = Trouble(made, made.folder / "port", 20261127)
    trouble.note_port()
    ended, answers = multiprocessing.Event(), multiprocessing.Queue()
    clients = [multiprocessing.Process(target=client, args=(trouble.port_file, ended, answers, one)) for one in range(PROCESSES)]
    for process in clients:
        process.start()
    said = Said(answers)
    try:
        while len(said.accepted) < WANTED:
            trouble.once()
            common.say("  %d of %d accepted; %s" % (len(said.accepted), WANTED, trouble.counts))
        ended.set()
        for process in clients:
            process.join(60)
        said.close()
        drained(made)
        kept = {topics.header(one, "digest") for one in topics.read_all(made.stack.kafka, made.topic("deliveries"), 60)}
        lost = said.accepted - kept
        common.say("figure 3: false acknowledgements: %d of %d (%.6f); hoped for: 0" % (
            len(lost), len(said.accepted), len(lost) / len(said.accepted)))
        common.say("    answers: %s; slowest answer %.2f s; %s" % (said.codes, said.slowest, trouble.counts))
    finally:
        ended.set()
        for process in clients:
            process.terminate()
        made.stop()
        made.close(failed=True)
