/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admin_ask.h"

#include "daemon/admin.h"

struct stage {
	struct health *health;
	struct metrics *metrics;
	struct admin *admin;
	int check;
};

static void open_stage(struct stage *stage)
{
	static const struct metric_row no_rows[] = {{0}};
	struct reason reason = {0};

	*stage = (struct stage){.health = health_new(&clock_wall),
		.metrics = metrics_new(no_rows, 0)};
	stage->check = health_check(stage->health, "broker", 0);
	assert_int_equal(admin_open("127.0.0.1", 0, stage->health,
				 stage->metrics, &stage->admin, &reason),
		OK);
}

static void close_stage(struct stage *stage)
{
	admin_close(&stage->admin);
	metrics_free(&stage->metrics);
	health_free(&stage->health);
}

static int ask_main(const struct stage *stage, enum settings_wish wish)
{
	struct common_settings common = {.admin_address = "0.0.0.0",
		.admin_port = admin_port(stage->admin)};

	return admin_ask_main("test", &common, wish);
}

static void test_admin_ask__tells_ready_from_alive(void **state)
{
	struct stage stage;
	struct strbuf body;
	struct reason reason = {0};
	unsigned code = 0;

	(void)state;
	open_stage(&stage);
	strbuf_init(&body, 1 << 16);
	health_set(stage.health, stage.check, false, "is away");
	assert_int_equal(ask_main(&stage, SETTINGS_HEALTH), 1);
	assert_int_equal(ask_main(&stage, SETTINGS_ALIVE), 0);
	assert_int_equal(admin_ask("127.0.0.1", admin_port(stage.admin),
				 "/readyz", &code, &body, &reason),
		OK);
	assert_int_equal(code, 503);
	assert_string_equal(body.text, "failed broker: is away\n");
	health_set(stage.health, stage.check, true, "is there");
	assert_int_equal(ask_main(&stage, SETTINGS_HEALTH), 0);
	strbuf_release(&body);
	close_stage(&stage);
}

static void test_admin_ask__says_that_nobody_answers(void **state)
{
	struct common_settings common = {.admin_address = "127.0.0.1"};
	struct reason reason = {0};
	struct strbuf body;
	struct stage stage;
	unsigned code, port;

	(void)state;
	open_stage(&stage);
	port = admin_port(stage.admin);
	close_stage(&stage);
	strbuf_init(&body, 1 << 16);
	assert_int_equal(
		admin_ask("127.0.0.1", port, "/readyz", &code, &body, &reason),
		RETRY);
	assert_non_null(strstr(reason.sentence, "Connection refused"));
	assert_int_equal(
		admin_ask("no address", 1, "/readyz", &code, &body, &reason),
		CONFIG);
	assert_int_equal(admin_ask_main("test", &common, SETTINGS_HEALTH), 1);
	common.admin_port = port;
	assert_int_equal(admin_ask_main("test", &common, SETTINGS_ALIVE), 1);
	strbuf_release(&body);
}
