# SPDX-License-Identifier: Apache-2.0
"""A file that is wrong is named with line and column, by --check and at the start."""
import re
import shutil

import pytest

from service import Service
from stack import ROOT

# service, file below the world's folder, text of the line to replace, what
# replaces it, words that the sentence must hold
CASES = [
    ("ingest", "sources.yaml", "  tool: github", "  tool: gitthub", "gitthub"),
    ("ingest", "sources.yaml", "  tool: github", "  tool: toolstate", "toolstate"),
    ("ingest", "sources.yaml", "  interval: 24h", "  intervall: 24h", "intervall"),
    ("ingest", "sources.yaml", "  interval: 24h", "  interval: soon", "interval"),
    ("ingest", "sources.yaml", "  tool: github", "  tool: [github]", "tool"),
    ("ingest", "sources.yaml", "  tool: github", "  tool: \"github", ""),
    ("ingest", "sources.yaml", "  tool: github", "\ttool: github", ""),
    ("ingest", "subjects.yaml", "- tool: argocd", "- tol: argocd", "tol"),
    ("ingest", "subjects.yaml", "    service: shop", "    service: shop{7}", "7"),
    ("ingest", "ingest.yaml", "topic-prefix: ", "topic-prefixx: p", "topic-prefixx"),
    ("evaluator", "pack/PO.3.2.yaml", "  rule: findings", "  rule: findingz", "findingz"),
    ("evaluator", "pack/PO.3.2.yaml", "  subject: image", "  subject: picture", "picture"),
    ("evaluator", "pack/PO.3.2.yaml", "  severity: critical", "  severity: awful", "awful"),
    ("evaluator", "pack/clocks.yaml", "profiles:", "profilez:", "profilez"),
    ("evaluator", "pack/pack.yaml", "version: ", "versionn: 1", "versionn"),
    ("evaluator", "evaluator.yaml", "lease-time: ", "lease-time: -3s", "lease-time"),
    ("notifier", "roles.yaml", "fallback: ", "fallback: nobody", "nobody"),
    ("notifier", "roles.yaml", "  - party: ", "  - party: ghost", "ghost"),
    ("notifier", "routes.yaml", "    kind: alertmanager", "    kind: pigeon", "pigeon"),
    ("notifier", "routes.yaml", "  - pager", "  - nowhere", "nowhere"),
]


@pytest.fixture(scope="module")
def files(request, stack, binaries):
    from conftest import make_world
    made = make_world(request, stack, binaries, "15-config")
    pack = made.folder / "pack"
    shutil.copytree(ROOT / "tests/flow/pack", pack)
    made.pack = pack
    made.prepare()
    yield made
    made.close()


@pytest.mark.parametrize("service,name,line,wrong,word", CASES, ids=["%s-%s-%s" % (one[0], one[1], one[3].strip()) for one in CASES])
def test_what_is_wrong_is_named_with_its_place(files, service, name, line, wrong, word):
    path = files.folder / name
    before = path.read_text()
    rows = before.splitlines()
    number = next(place for place, row in enumerate(rows) if row.startswith(line))
    rows[number] = wrong
    path.write_text("\n".join(rows) + "\n")
    try:
        check = files.tool(service, "--check")
        start = files.tool(service, seconds=20)
    finally:
        path.write_text(before)
    for code, out, err in (check, start):
        text = out + err
        assert code == 1, "exit code %d, wanted 1:\n%s" % (code, text)
        found = re.search(re.escape(str(path)) + r":(\d+):(\d+)", text)
        assert found, "no %s:line:column in:\n%s" % (path, text)
        # a quote that nothing closes is noticed where the file ends
        assert int(found.group(1)) == number + 1 or (wrong.count('"') == 1 and int(found.group(1)) > number), text
        assert word in text, text


@pytest.mark.parametrize("service", ("ingest", "evaluator", "notifier"))
def test_files_that_are_right_pass_the_check_and_nothing_is_touched(files, service):
    before = sorted(str(one) for one in files.folder.rglob("*"))
    code, out, err = files.tool(service, "--check")
    assert code == 0, out + err
    assert sorted(str(one) for one in files.folder.rglob("*")) == before


def test_a_file_that_does_not_belong_into_a_pack_is_refused(files):
    stray = files.pack / "PO3.2.yaml"
    stray.write_text("task: PO.3.2\n")
    code, out, err = files.tool("evaluator", "--check")
    stray.unlink()
    assert code == 1 and str(stray) in out + err, out + err


@pytest.mark.parametrize("service", ("ingest", "evaluator", "notifier"))
def test_help_and_version_say_what_the_program_is(files, service):
    for word in ("--help", "--version"):
        code, out, err = files.tool(service, word)
        assert code == 0 and "postern" in (out + err).lower(), out + err
    code, out, err = files.tool(service, "--no-such-flag")
    assert code == 2, out + err


def test_a_secret_that_is_missing_is_named(files):
    secret = files.folder / "github-acme.secret"
    secret.rename(secret.with_suffix(".away"))
    code, out, err = files.tool("ingest", "--check")
    secret.with_suffix(".away").rename(secret)
    assert code == 1 and str(secret) in out + err and re.search(r"sources\.yaml:\d+:\d+", out + err), out + err
    assert files.secrets["github-acme"] not in out + err


def test_a_reload_that_is_wrong_keeps_what_was(files):
    path = files.folder / "sources.yaml"
    before = path.read_text()
    service = Service(files.program("ingest"), ["--config", files.folder / "ingest.yaml"], files.folder, "reload")
    files.services["ingest"] = service
    service.start().wait_ready()
    path.write_text(before.replace("tool: github", "tool: gitthub"))
    service.signal(1)
    from waiting import until
    until("a log line about the wrong file", lambda: re.search(re.escape(str(path)) + r":\d+:\d+", service.text()))
    path.write_text(before)
    import senders
    files.send("github-acme", senders.github_ping("acme/shop"))
    service.stop()


# service, file, a line of it, what is wrong, what is right and different, and what the log says of it
RELOADS = [
    ("evaluator", "pack/PO.3.2.yaml", "  severity: critical", "  severity: awful", "  severity: low", "EVALUATOR-RELOADED"),
    ("notifier", "roles.yaml", "fallback: ", "fallback: nobody", None, "NOTIFIER-RELOADED"),
]


@pytest.mark.parametrize("how", ("asked", "watching"))
@pytest.mark.parametrize("service,name,line,wrong,right,word", RELOADS, ids=[one[0] for one in RELOADS])
def test_a_reload_takes_all_or_keeps_what_was(files, service, name, line, wrong, right, word, how):
    from waiting import until
    path = files.folder / name
    before = path.read_text()
    rows = before.splitlines()
    number = next(place for place, row in enumerate(rows) if row.startswith(line))
    watch = ["--watch-files"] if how == "watching" else []
    running = Service(files.program(service), ["--config", files.folder / (service + ".yaml")] + watch, files.folder,
                      service + "-reload-" + how)
    files.services[service] = running
    running.start().wait_ready()

    def ask():
        if how == "asked":
            running.signal(1)
    place = re.escape(path.name) + r":%d:\d+" % (number + 1)
    kept = r"(?m)^ok files: older files in force: .*" + place
    try:
        path.write_text("\n".join(rows[:number] + [wrong] + rows[number + 1:]) + "\n")
        ask()
        until("the log names the wrong line", lambda: re.search(place, running.text()))
        until("so does /readyz, and it is well", lambda: re.search(kept, running.admin("/readyz").text))
        assert running.metric("postern_%s_reload_failed" % service) == 1
        path.write_text("\n".join(rows[:number] + [right or rows[number]] + rows[number + 1:]) + "\n")
        ask()
        running.wait_log(word)
        until("the gauge is back", lambda: running.metric("postern_%s_reload_failed" % service) == 0)
        if service == "evaluator":
            running.wait_log("JUDGE-PACK-CHANGED")
    finally:
        path.write_text(before)
    running.stop()


def test_a_mounted_secret_that_is_swapped_is_taken_in(files):
    """As Kubernetes swaps what it mounts: a link to a link to a folder, which is another one then."""
    from waiting import until
    import senders
    secret = files.folder / "github-acme.secret"
    before = secret.read_text()
    for name, text in (("..1", before), ("..2", "another secret of that source")):
        (files.folder / name).mkdir()
        (files.folder / name / secret.name).write_text(text)
    (files.folder / "..data").symlink_to("..1")
    secret.unlink()
    secret.symlink_to("..data/" + secret.name)
    running = Service(files.program("ingest"), ["--config", files.folder / "ingest.yaml", "--watch-files"],
                      files.folder, "swap")
    files.services["ingest"] = running
    running.start().wait_ready()
    (files.folder / "..next").symlink_to("..2")
    (files.folder / "..next").rename(files.folder / "..data")
    running.wait_log("INGEST-RELOADED")
    files.secrets["github-acme"] = (files.folder / "..2" / secret.name).read_text()
    try:
        until("the new secret to be taken", lambda: files.send("github-acme", senders.github_ping("acme/shop")))
    finally:
        files.secrets["github-acme"] = before
    running.stop()
    secret.unlink()
    secret.write_text(before)
