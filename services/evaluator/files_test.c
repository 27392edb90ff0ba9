/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "base/testing.h"

#include "base/log.h"
#include "daemon/service.h"
#include "meters.h"

#include <stdio.h>
#include <unistd.h>

struct fixture {
	char folder[40], path[80], criteria[80];
	struct files files;
	struct strbuf out;
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static void write_pack(struct fixture *f, const char *text)
{
	write_file(f->path, text);
}

static void write_criterion(const char *path)
{
	write_file(path, "task: PO.3\ncriteria:\n- id: PO.3.2-i\n"
			 "  sentence: No tool is silent.\n  subject: tool\n"
			 "  severity: high\n  role: owner\n  rule: silence\n"
			 "  parameters: {}\n");
}

static struct fixture *begin(void)
{
	static struct fixture f;
	struct pack *pack = NULL;
	struct reason reason = {0};

	log_setup(LOG_ERROR, false);
	f = (struct fixture){.folder = "/tmp/files-XXXXXX",
		.files = {.health = health_new(&clock_wall),
			.metrics = meters_new()}};
	assert_non_null(mkdtemp(f.folder));
	snprintf(f.path, sizeof(f.path), "%s/pack.yaml", f.folder);
	snprintf(f.criteria, sizeof(f.criteria), "%s/PO.3.yaml", f.folder);
	f.files.folder = f.folder;
	write_criterion(f.criteria);
	write_pack(&f, "pack: one\nversion: 1.0.0\n");
	assert_int_equal(pack_load(f.folder, &pack, &reason), OK);
	files_open(&f.files, &pack);
	assert_null(pack);
	strbuf_init(&f.out, 4000);
	return &f;
}

static void end(struct fixture *f)
{
	unlink(f->path);
	unlink(f->criteria);
	rmdir(f->folder);
	strbuf_release(&f->out);
	book_free(&f->files.packs);
	metrics_free(&f->files.metrics);
	health_free(&f->files.health);
}

static void expect(struct fixture *f, const char *version, const char *ready)
{
	struct edition *now = book_get(f->files.packs);

	assert_string_equal(pack_version(edition_text(now)), version);
	edition_unref(&now);
	strbuf_reset(&f->out);
	assert_true(health_report(f->files.health, &f->out));
	if (!strstr(f->out.text, ready))
		fail_msg("%s", f->out.text);
}

static void reload(struct fixture *f, enum status wanted)
{
	struct reason reason = {0};

	assert_int_equal(files_reload(&f->files, true, &reason), wanted);
	assert_int_equal(*reason.sentence != '\0', wanted != OK);
}

static void test_files__a_reload_takes_all_or_nothing(void **state)
{
	struct fixture *f = begin();

	(void)state;
	expect(f, "1.0.0", "pack one 1.0.0, criteria: 1");
	write_pack(f, "pack: one\nversion: 2.0.0\n");
	reload(f, OK);
	expect(f, "2.0.0", "pack one 2.0.0");
	write_pack(f, "pack: one\nversions: 3.0.0\n");
	reload(f, CONFIG);
	expect(f, "2.0.0", "pack.yaml:2:11: ");
	assert_int_equal(
		metric_value(f->files.metrics, METER_RELOAD_FAILED, NULL), 1);
	write_pack(f, "pack: one\nversion: 3.0.0\n");
	reload(f, OK);
	expect(f, "3.0.0", "pack one 3.0.0");
	assert_int_equal(
		metric_value(f->files.metrics, METER_RELOAD_FAILED, NULL), 0);
	end(f);
}

static void test_files__what_did_not_change_stays_the_same_edition(void **state)
{
	struct fixture *f = begin();
	struct edition *was = book_get(f->files.packs), *now;

	(void)state;
	reload(f, OK);
	now = book_get(f->files.packs);
	assert_ptr_equal(was, now);
	edition_unref(&was);
	edition_unref(&now);
	end(f);
}

struct away {
	struct fixture *f;
	char target[80];
	int looks;
};

/* Never sees a change; brings back what the pack's file leads to. */
static uint64_t look(void *context)
{
	struct away *away = context;

	if (++away->looks == 20) {
		expect(away->f, "1.0.0", "PO.3.yaml");
		write_criterion(away->target);
	}
	if (away->looks == 100)
		kill(getpid(), SIGTERM);
	return 1;
}

static void test_files__a_pack_whose_file_comes_later_is_taken(void **state)
{
	struct away away = {.f = begin()};
	struct service *service = service_new("test");

	(void)state;
	log_setup(LOG_ERROR, false);
	snprintf(away.target, sizeof(away.target), "%s/.later", away.f->folder);
	unlink(away.f->criteria);
	assert_int_equal(symlink(".later", away.f->criteria), 0);
	write_pack(away.f, "pack: one\nversion: 2.0.0\n");
	service_on_reload(service, files_reload, &away.f->files, "TEST-FAILED");
	service_on_change(service, &(struct service_watch){.look = look,
					   .context = &away,
					   .taken = 1,
					   .every = INSTANT_SECOND / 1000});
	kill(getpid(), SIGHUP);
	assert_int_equal(service_wait(service), 0);
	expect(away.f, "2.0.0", "pack one 2.0.0, criteria: 1");
	unlink(away.target);
	service_free(&service);
	end(away.f);
}
