/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "adapter.h"
#include "base/log.h"
#include "base/stamp.h"
#include "meters.h"

#include <stdio.h>

enum status files_read(const char *sources, const char *subjects,
	struct sources **ret_sources, struct reason *reterr)
{
	struct sources *read = NULL;
	enum status status = adapter_check_all(reterr);

	if (status == OK)
		status = sources_load(sources, adapter_find, &read, reterr);
	if (status == OK && subjects)
		status = translate_check(subjects, reterr);
	if (status == OK && ret_sources)
		*ret_sources = read;
	else
		sources_unref(&read);
	return status;
}

static void in_force(struct files *files)
{
	struct sources *sources = source_book_get(files->book);
	size_t count = sources_count(sources);
	char sentence[100];

	metric_clear(files->metrics, METER_INTERVAL);
	for (size_t i = 0; i < count; i++)
		metric_set(files->metrics, METER_INTERVAL,
			sources_at(sources, i)->name,
			sources_at(sources, i)->interval / INSTANT_SECOND);
	sources_unref(&sources);
	snprintf(sentence, sizeof(sentence), "%zu sources", count);
	health_set(files->health, files->check, true, sentence);
	metric_set(files->metrics, METER_SOURCES, NULL, (int64_t)count);
	metric_set(files->metrics, METER_RELOAD_FAILED, NULL, 0);
}

enum status files_open(struct files *files, struct reason *reterr)
{
	struct sources *read;
	enum status status =
		files_read(files->sources, files->subjects, &read, reterr);

	if (status != OK)
		return status;
	files->book = source_book_new(&read);
	files->read = files_stamp(files);
	files->check = health_check(files->health, "files", 0);
	in_force(files);
	return OK;
}

/* Both are read before either is taken. */
static enum status take_anew(struct files *files, struct reason *reterr)
{
	struct sources *sources;
	enum status status =
		files_read(files->sources, files->subjects, &sources, reterr);

	if (status != OK)
		return status;
	if (files->subjects)
		status = translate_reload(files->translate, reterr);
	if (status == OK)
		source_book_set(files->book, &sources);
	else
		sources_unref(&sources);
	return status;
}

enum status files_reload(struct files *files, struct reason *reterr)
{
	enum status status = take_anew(files, reterr);

	if (status != OK) {
		/* To turn senders away would lose what they send. */
		health_older(files->health, files->check, reterr);
		metric_set(files->metrics, METER_RELOAD_FAILED, NULL, 1);
		return status;
	}
	toolstate_changed(files->toolstate);
	in_force(files);
	log_line(LOG_INFO, "INGEST-RELOADED",
		LOG_TEXT("sources", files->sources),
		LOG_TEXT("subjects", files->subjects ? files->subjects : ""));
	return OK;
}

uint64_t files_stamp(void *context)
{
	const struct files *files = context;
	struct sources *sources = source_book_get(files->book);
	uint64_t stamp = stamp_add(
		stamp_add(STAMP_NONE, files->sources), files->subjects);

	stamp = stamp_add_files(stamp, sources_files(sources));
	sources_unref(&sources);
	return stamp;
}
