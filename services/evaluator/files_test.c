/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "base/testing.h"

#include "base/log.h"
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
	write_file(f.criteria,
		"task: PO.3\ncriteria:\n- id: PO.3.2-i\n"
		"  sentence: No tool is silent.\n  subject: tool\n"
		"  severity: high\n  role: owner\n  rule: silence\n"
		"  parameters: {}\n");
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

static void test_files__a_reload_takes_all_or_nothing(void **state)
{
	struct fixture *f = begin();

	(void)state;
	expect(f, "1.0.0", "pack one 1.0.0, criteria: 1");
	write_pack(f, "pack: one\nversion: 2.0.0\n");
	files_reload(&f->files);
	expect(f, "2.0.0", "pack one 2.0.0");
	write_pack(f, "pack: one\nversions: 3.0.0\n");
	files_reload(&f->files);
	expect(f, "2.0.0", "pack.yaml:2:11: ");
	assert_int_equal(
		metric_value(f->files.metrics, METER_RELOAD_FAILED, NULL), 1);
	write_pack(f, "pack: one\nversion: 3.0.0\n");
	files_reload(&f->files);
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
	files_reload(&f->files);
	now = book_get(f->files.packs);
	assert_ptr_equal(was, now);
	edition_unref(&was);
	edition_unref(&now);
	end(f);
}
