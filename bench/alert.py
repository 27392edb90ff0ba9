# SPDX-License-Identifier: Apache-2.0
"""Webhook to alert: 100 deliveries a second, each of which makes one service fail;
from the sending of the webhook to the receiver that Alertmanager calls. Its own
grouping is set to zero: what is measured is ours, and its hop."""
import http.server
import json
import subprocess
import threading
import time

import common
import senders
import requests

RATE, SECONDS = 100, 30


class Receiver(http.server.BaseHTTPRequestHandler):
    seen = {}

    def do_POST(self):  # pylint: disable=invalid-name
        now = time.time()
        for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]:
            if alert["status"] == "firing" and "subject" in alert["labels"]:
                self.seen.setdefault(alert["labels"]["subject"], now)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def start_alertmanager(folder, port, receiver):
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: bench, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}\n"
        "receivers: [{name: bench, webhook_configs: [{url: 'http://127.0.0.1:%d/'}]}]\n" % receiver)
    return subprocess.Popen(["prometheus-alertmanager", "--config.file=%s/alertmanager.yml" % folder,
                             "--storage.path=%s/alertmanager" % folder, "--cluster.listen-address=",
                             "--web.listen-address=127.0.0.1:%d" % port],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port():
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    port = server.server_port
    server.server_close()
    return port


def send(world, sent, numbers):
    session = requests.Session()
    for number in numbers:
        due = world.began + number / RATE
        time.sleep(max(0, due - time.time()))
        name = "shop%d" % number
        subject = {"kind": "service", "authority": "prod", "name": name}
        request = senders.cloudevent("deployment", subject, {"application": name, "phase": "succeeded", "sync": "out-of-sync",
                                                             "health": "healthy"})
        sent[world.subject("service", "prod", name)] = time.time()
        world.send("events-acme", request, session=session)


def measure(world, count):
    sent = {}
    world.began = time.time() + 1
    threads = [threading.Thread(target=send, args=(world, sent, range(first, count, 4))) for first in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    deadline = time.time() + 60
    while len(Receiver.seen) < count and time.time() < deadline:
        time.sleep(0.1)
    return sorted(Receiver.seen[name] - at for name, at in sent.items() if name in Receiver.seen), sent


if __name__ == "__main__":
    made = common.open_world("alert")
    made.pack = common.ROOT / "bench/pack"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listening = free_port()
    manager = start_alertmanager(made.folder, listening, server.server_port)
    made.alertmanagers = ["http://127.0.0.1:%d" % listening]
    made.settings["notifier"]["refresh-every"] = "60s"
    try:
        made.prepare().start()
        took, all_sent = measure(made, RATE * SECONDS)
        common.say("webhook to alert at %d deliveries/s, %d of %d seen: p50 %.2f s, p99 %.2f s (hoped for: p99 <= 3), worst %.2f s" % (
            RATE, len(took), len(all_sent), took[len(took) // 2], took[len(took) * 99 // 100], took[-1]))
    finally:
        manager.terminate()
        made.stop()
        made.close(failed=True)
