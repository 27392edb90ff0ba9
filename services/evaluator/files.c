/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "base/log.h"
#include "base/stamp.h"
#include "meters.h"

#include <stdio.h>
#include <string.h>

static void end_pack(void *text)
{
	struct pack *pack = text;

	pack_free(&pack);
}

static void in_force(struct files *files, const struct pack *pack)
{
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "pack %.60s %.40s, criteria: %zu",
		pack_name(pack), pack_version(pack), pack_count(pack));
	health_set(files->health, files->check, true, sentence);
	metric_set(files->metrics, METER_RELOAD_FAILED, NULL, 0);
}

void files_open(struct files *files, struct pack **pack)
{
	files->check = health_check(files->health, "files", 0);
	in_force(files, *pack);
	files->packs = book_new(*pack, end_pack);
	*pack = NULL;
}

static void refuse(struct files *files, const struct reason *reason)
{
	health_older(files->health, files->check, reason);
	metric_set(files->metrics, METER_RELOAD_FAILED, NULL, 1);
}

enum status files_reload(void *context, bool asked, struct reason *reterr)
{
	struct files *files = context;
	struct pack *pack = NULL;
	enum status status = pack_load(files->folder, &pack, reterr);
	struct edition *was;

	(void)asked;
	if (status != OK) {
		refuse(files, reterr);
		return status;
	}
	in_force(files, pack);
	log_line(LOG_INFO, "EVALUATOR-RELOADED",
		LOG_TEXT("pack", pack_name(pack)),
		LOG_TEXT("version", pack_version(pack)),
		LOG_TEXT("digest", pack_digest(pack)));
	/* What has not changed is not put in force again. */
	was = book_get(files->packs);
	if (strcmp(pack_digest(edition_text(was)), pack_digest(pack)) == 0)
		pack_free(&pack);
	else
		book_set(files->packs, pack);
	edition_unref(&was);
	return OK;
}

uint64_t files_stamp(void *context)
{
	const struct files *files = context;

	return stamp_add_folder(STAMP_NONE, files->folder);
}
