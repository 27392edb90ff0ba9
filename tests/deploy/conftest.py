# SPDX-License-Identifier: Apache-2.0
"""The deployment tests: run by scripts/test, which builds the images first."""
import os
import pathlib
import shutil
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "flow")]

from compose import ROOT, Compose  # noqa: E402  pylint: disable=wrong-import-position


def pytest_configure(config):  # pylint: disable=unused-argument
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("asked to end", 143))


@pytest.fixture(scope="module")
def stack(request, tmp_path_factory):
    """A project that is up. A module names its `CONFIG`: None is the one we ship."""
    config = None
    if getattr(request.module, "CONFIG", None):
        config = tmp_path_factory.mktemp("deploy") / "config"
        shutil.copytree(ROOT / "config/compose", config)
        shutil.copytree(ROOT / "tests/flow/pack", config / "pack")
        request.module.CONFIG(config)
    compose = Compose("postern-test-%d-%s" % (os.getpid(), request.module.__name__.replace("_", "-")), config)
    try:
        compose.up()
        yield compose
        for name in ("ingest", "evaluator", "notifier"):
            log = compose.must("logs", "--no-color", name)
            assert "BUG:" not in log, log[log.find("BUG:"):][:2000]
    finally:
        compose.down()
