# SPDX-License-Identifier: Apache-2.0
"""Runs last: the flow tests have held every kind of record against its schema."""
import collections
import json

import pytest

import contract
from conftest import FOLDER


def seen():
    """Of this process and of those that ran other shares before it."""
    total = collections.Counter(contract.seen)
    for path in FOLDER.glob("seen-*.json"):
        total.update(json.loads(path.read_text()))
    return total


def test_every_kind_of_record_was_seen_and_was_valid(request):
    if request.config.option.keyword:
        pytest.skip("only some of the tests ran")
    wanted = {"delivery", "dev.postern.punctuation.v1", "dev.postern.rejected.v1", "dev.postern.verdict.v1",
              "dev.postern.notice.v1", "dev.postern.parked.v1"}
    wanted |= {"dev.postern.evidence.%s.v1" % name for name in ("change", "deployment", "scan", "policy", "toolstate")}
    assert not wanted - set(seen()), "never seen: %s" % sorted(wanted - set(seen()))


def test_schemas_are_schemas():
    for schema in contract.SCHEMAS.values():
        contract.jsonschema.Draft202012Validator.check_schema(schema)
