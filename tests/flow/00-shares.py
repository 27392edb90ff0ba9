# SPDX-License-Identifier: Apache-2.0
"""How tests are dealt out to processes: each to one, evenly, and in each the same way."""
import shares


def test_each_is_in_one_share_and_the_shares_are_even():
    units = {"test %d" % number: number % 7 + 1 for number in range(50)}
    dealt = shares.deal(units, 3)
    assert sorted(name for share in dealt for name in share) == sorted(units)
    sums = [sum(units[name] for name in share) for share in dealt]
    assert max(sums) - min(sums) <= 1, sums
    assert shares.deal(dict(reversed(units.items())), 3) == dealt


def test_a_table_is_made_of_what_passed(tmp_path):
    path = tmp_path / "run.xml"
    path.write_text("<testsuites><testsuite>"
                    "<testcase classname='10-a' name='test_long[x]' time='12.4'/>"
                    "<testcase classname='10-a' name='test_short' time='1.0'/>"
                    "<testcase classname='10-a' name='test_shorter' time='0.2'/>"
                    "<testcase classname='10-a' name='test_bad' time='90'><failure/></testcase>"
                    "<testcase classname='10-a' name='test_not' time='0.0'><skipped/></testcase>"
                    "</testsuite></testsuites>")
    ran = shares.took(path)
    assert shares.table([ran]) == {"other": 0.6, "long": {"10-a.py::test_long[x]": 12}}


def test_shares_that_are_uneven_are_said_to_be():
    even, uneven = [{"a": 10}, {"b": 11}, {"c": 12}], [{"a": 10}, {"b": 10}, {"c": 20}]
    assert shares.balance(even) == "the shares took 10, 11, 12 s"
    assert "uneven; scripts/test --times" in shares.balance(uneven)


def test_a_test_that_is_new_takes_as_long_as_a_short_one():
    assert shares.known()("10-new.py::test_that_nobody_knows") < shares.LONG
