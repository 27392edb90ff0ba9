# SPDX-License-Identifier: Apache-2.0
"""kill -9, servers restarted, stopped holders: nothing lost, nothing twice."""
import time

import pytest

import walk
from waiting import PATIENCE, until

SERVICES = ("ingest", "evaluator", "notifier")


@pytest.fixture
def loaded(world):
    """All three services under load, with a supervisor; `deaths` are wanted here."""
    world.settings["evaluator"]["batch-records"] = 50
    world.prepare().start()
    for name in SERVICES:
        world[name].deaths_expected = 0
    return world


def kill_all_over(world, dice, rounds):
    """kill -9 of each service `rounds` times, at instants the dice choose."""
    order = list(SERVICES) * rounds
    dice.shuffle(order)
    for name in order:
        time.sleep(dice.uniform(0.1, 1.2))
        world[name].kill()
        time.sleep(dice.choice((0, 0, 0.3)))
        world[name].start(wait=False)
        world[name].port("ADMIN-LISTENING")
    return order


def test_kill_9_at_seeded_instants_loses_nothing(loaded, another, dice, chaos, seed):
    rounds = 25 if chaos else 3
    with walk.load(loaded, seed, rate=200 if chaos else 30, count=20000 if chaos else None, threads=4 if chaos else 2) as load:
        kill_all_over(loaded, dice, rounds)
        if chaos:
            load.wait_ended(900)
    walk.settle(loaded, 600 if chaos else 120)
    accepted = walk.check_all(loaded, another)
    assert len(accepted) > 50


def restart_under_load(world, stack, name, seed, another, sudden):
    with walk.Supervisor(world):
        with walk.load(world, seed, rate=20):
            time.sleep(1.5)
            (stack.kill if sudden else stack.stop)(name)
            time.sleep(1)
            stack.start(name)
            time.sleep(2)
        walk.settle(world)
    walk.check_all(world, another)


@pytest.mark.alone
def test_a_broker_that_is_restarted_loses_nothing(loaded, stack, seed, another):
    restart_under_load(loaded, stack, "kafka", seed, another, sudden=False)


@pytest.mark.alone
def test_a_postgresql_that_is_killed_loses_nothing(loaded, stack, seed, another):
    restart_under_load(loaded, stack, "postgres", seed, another, sudden=True)


def leases(world, service):
    return {row["name"]: row for row in world.sql(service, "SELECT name, owner, epoch FROM lease")}


@pytest.mark.parametrize("service", ("evaluator", "notifier"))
def test_a_stopped_holder_of_every_lease_is_fenced(loaded, another, seed, service):
    """SIGSTOP is a long pause: the others take over, and what the zombie still
    wanted to write when it wakes is refused."""
    with walk.load(loaded, seed, rate=20):
        until("leases to be held", lambda: len([1 for row in leases(loaded, service).values() if row["owner"]]) >= 2)
        time.sleep(1)
        loaded[service].stall()
        before = leases(loaded, service)
        second = loaded.add(service, service + "-second").start()

        def taken():
            now = leases(loaded, service)
            late = [name for name, row in before.items() if row["owner"] and now[name]["epoch"] <= row["epoch"]]
            assert not late, "still with the stopped holder: %s" % late
            return True
        until("every lease to be taken over", taken, 60)
        time.sleep(2)
        after = leases(loaded, service)
        loaded[service].resume()
        time.sleep(4 * PATIENCE)
        now = leases(loaded, service)
        for name, row in after.items():
            assert now[name]["epoch"] >= row["epoch"], "the epoch of %s went back" % name
        assert second.alive()
    if not loaded[service].alive():  # it may end by itself, with a sentence
        assert loaded[service].process.returncode == 3, loaded[service].text()[-2000:]
        loaded[service].process = None
    walk.settle(loaded)
    walk.check_all(loaded, another)


def test_a_stopped_translator_is_replaced(loaded, another, seed):
    fast = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000}
    loaded.settings["ingest"].update({"kafka-properties": fast})
    loaded.write_files()
    loaded["ingest"].stop()
    loaded["ingest"].start()
    loaded["ingest"].wait_ready()
    with walk.load(loaded, seed, rate=20):
        time.sleep(1)
    loaded["ingest"].stall()
    loaded.add("ingest", "ingest-second", "--spool-dir", loaded.folder / "spool-second", "--instance", "second").start()

    def look():
        there = walk.outcomes(loaded)
        return not {(one.source, one.digest) for one in loaded.sent if one.code == 200} - set(there)
    until("the second instance to translate what the stopped one left", look, 60)
    loaded["ingest"].resume()
    time.sleep(2)
    walk.settle(loaded)
    walk.check_all(loaded, another)
