# SPDX-License-Identifier: Apache-2.0
"""Runs last: the flow tests have held every kind of record against its schema."""
import pytest

import contract


def test_every_kind_of_record_was_seen_and_was_valid(request):
    if request.config.option.keyword:
        pytest.skip("only some of the tests ran")
    wanted = {"delivery", "dev.postern.punctuation.v1", "dev.postern.rejected.v1", "dev.postern.verdict.v1",
              "dev.postern.notice.v1", "dev.postern.parked.v1"}
    wanted |= {"dev.postern.evidence.%s.v1" % name for name in ("change", "deployment", "scan", "policy", "toolstate")}
    assert not wanted - set(contract.seen), "never seen: %s" % sorted(wanted - set(contract.seen))
    print("records held against their schema: %s" % dict(contract.seen))


@pytest.mark.parametrize("name", sorted(contract.SCHEMAS))
def test_schemas_are_schemas(name):
    contract.jsonschema.Draft202012Validator.check_schema(contract.SCHEMAS[name])
