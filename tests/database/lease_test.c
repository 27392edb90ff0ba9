/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lease.h"

#include "database.h"

#define SCHEMA "test_lease"

static const struct lease_holder alice = {"alice", 60 * INSTANT_SECOND};
static const struct lease_holder bob = {"bob", 60 * INSTANT_SECOND};

struct fixture {
	struct arena *arena;
	struct pg *one, *two;
	struct reason reason;
};

static struct fixture begin(void)
{
	struct fixture f = {0};

	db_fresh(SCHEMA, "notifier");
	f.arena = arena_new(1 << 18);
	f.one = db_open(SCHEMA, "lease_one");
	f.two = db_open(SCHEMA, "lease_two");
	return f;
}

static void end(struct fixture *f)
{
	pg_close(&f->one);
	pg_close(&f->two);
	arena_free(&f->arena);
	db_drop(SCHEMA);
}

static void expire(struct fixture *f)
{
	db_script(f->two, "UPDATE lease SET expires_at ="
			  " clock_timestamp() - interval '1 second'");
}

static void test_lease__one_holder_at_a_time(void **state)
{
	struct fixture f = begin();
	int64_t epoch = -1, again = -1;

	(void)state;
	db_ok(lease_take(f.one, &alice, f.arena, "p/0", &epoch, &f.reason),
		&f.reason);
	assert_int_equal(epoch, 1);
	assert_int_equal(
		lease_take(f.two, &bob, f.arena, "p/0", &again, &f.reason),
		IGNORED);
	db_ok(lease_take(f.one, &alice, f.arena, "p/0", &again, &f.reason),
		&f.reason);
	assert_int_equal(again, 1);
	db_ok(lease_renew(f.one, &alice, f.arena, "p/0", 1, &f.reason),
		&f.reason);
	db_ok(lease_release(f.one, &alice, f.arena, "p/0", 1, &f.reason),
		&f.reason);
	assert_int_equal(
		lease_renew(f.one, &alice, f.arena, "p/0", 1, &f.reason),
		REJECT);
	assert_int_equal(
		lease_release(f.one, &alice, f.arena, "p/0", 1, &f.reason),
		REJECT);
	db_ok(lease_take(f.two, &bob, f.arena, "p/0", &again, &f.reason),
		&f.reason);
	assert_int_equal(again, 2);
	assert_true(pg_alive(f.one));
	end(&f);
}

static void test_lease__a_stopped_holder_is_ended_and_fenced(void **state)
{
	struct fixture f = begin();
	int64_t epoch = -1, next = -1;

	(void)state;
	db_ok(lease_take(f.one, &alice, f.arena, "p/0", &epoch, &f.reason),
		&f.reason);
	/* It stands still in the middle of a transaction, holding locks. */
	db_ok(pg_begin(f.one, &f.reason), &f.reason);
	db_ok(lease_guard(f.one, f.arena, "p/0", epoch, &f.reason), &f.reason);
	db_script(f.one,
		"INSERT INTO outbox (topic, headers) VALUES ('t', '{}')");
	/* Not `expire`: that UPDATE would wait for the guard. */
	assert_int_equal(
		lease_take(f.two, &bob, f.arena, "p/0", &next, &f.reason),
		IGNORED);
	pg_rollback(f.one);
	expire(&f);
	db_ok(pg_begin(f.one, &f.reason), &f.reason);
	db_ok(lease_guard(f.one, f.arena, "p/0", epoch, &f.reason), &f.reason);
	db_script(f.one,
		"INSERT INTO outbox (topic, headers) VALUES ('t', '{}')");
	db_ok(lease_take(f.two, &bob, f.arena, "p/0", &next, &f.reason),
		&f.reason);
	assert_int_equal(next, epoch + 1);
	assert_int_equal(pg_commit(f.one, &f.reason), RETRY);
	assert_false(pg_alive(f.one));
	assert_int_equal(db_number(f.two, "SELECT count(*) FROM outbox"), 0);
	end(&f);
}

static void test_lease__a_zombie_on_a_new_connection_is_fenced(void **state)
{
	struct fixture f = begin();
	int64_t epoch = -1, next = -1;

	(void)state;
	db_ok(lease_take(f.one, &alice, f.arena, "p/0", &epoch, &f.reason),
		&f.reason);
	expire(&f);
	db_ok(lease_take(f.two, &bob, f.arena, "p/0", &next, &f.reason),
		&f.reason);
	pg_close(&f.one);
	f.one = db_open(SCHEMA, "lease_one");
	db_ok(pg_begin(f.one, &f.reason), &f.reason);
	assert_int_equal(
		lease_guard(f.one, f.arena, "p/0", epoch, &f.reason), REJECT);
	pg_rollback(f.one);
	assert_int_equal(
		lease_renew(f.one, &alice, f.arena, "p/0", epoch, &f.reason),
		REJECT);
	end(&f);
}

static void test_lease__a_new_connection_of_its_owner_raises_it(void **state)
{
	struct fixture f = begin();
	int64_t epoch = -1, next = -1;

	(void)state;
	db_ok(lease_take(f.one, &alice, f.arena, "p/0", &epoch, &f.reason),
		&f.reason);
	db_ok(lease_take(f.two, &alice, f.arena, "p/0", &next, &f.reason),
		&f.reason);
	assert_int_equal(next, epoch + 1);
	assert_int_equal(pg_script(f.one, "SELECT 1", &f.reason), RETRY);
	end(&f);
}

static void test_lease__counts_who_lives(void **state)
{
	struct fixture f = begin();
	int64_t members = -1;

	(void)state;
	db_ok(lease_enrol(f.one, &alice, f.arena, &members, &f.reason),
		&f.reason);
	assert_int_equal(members, 1);
	db_ok(lease_enrol(f.two, &bob, f.arena, &members, &f.reason),
		&f.reason);
	assert_int_equal(members, 2);
	db_ok(lease_leave(f.two, &bob, f.arena, &f.reason), &f.reason);
	db_ok(lease_enrol(f.one, &alice, f.arena, &members, &f.reason),
		&f.reason);
	assert_int_equal(members, 1);
	end(&f);
}

static void test_lease__owners_differ_by_start(void **state)
{
	struct arena *arena = arena_new(1 << 12);

	(void)state;
	assert_string_not_equal(lease_owner(arena), lease_owner(arena));
	arena_free(&arena);
}
