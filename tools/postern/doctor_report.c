/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include "wire/json.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const words[FINDINGS] = {"OK", "WARN", "FAIL"};

const char *doctor_service_name(enum doctor_service service)
{
	static const char *const names[DOCTOR_SERVICES] = {
		"ingest", "evaluator", "notifier"};

	return names[service];
}

static void add(struct doctor *doctor, const struct doctor_row *row)
{
	if (doctor->count == doctor->room) {
		size_t room = doctor->room ? doctor->room * 2 : 64;
		struct doctor_row *rows =
			arena_array(doctor->arena, room, sizeof(*rows));

		for (size_t i = 0; i < doctor->count; i++)
			rows[i] = doctor->rows[i];
		doctor->rows = rows;
		doctor->room = room;
	}
	doctor->rows[doctor->count++] = *row;
}

void doctor_say(struct doctor *doctor, enum finding finding, const char *check,
	const char *what, const char *advice, const char *fmt, ...)
{
	char sentence[1000];
	va_list list;

	va_start(list, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, list);
	va_end(list);
	/* A line each, whatever a server answered. */
	for (char *c = sentence; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	add(doctor, &(struct doctor_row){.finding = finding,
			    .check = check,
			    .what = arena_string(doctor->arena, what),
			    .sentence = arena_string(doctor->arena, sentence),
			    .advice = finding == FINDING_OK || !advice
					      ? NULL
					      : arena_string(doctor->arena,
							advice)});
}

void doctor_say_reason(struct doctor *doctor, enum finding finding,
	const char *check, const char *what, const char *advice,
	const struct reason *reason)
{
	doctor_say(doctor, finding, check, what, advice, "%s%s%s",
		reason->place, *reason->place ? ": " : "", reason->sentence);
}

size_t doctor_count(const struct doctor *doctor, enum finding finding)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->rows[i].finding == finding;
	return count;
}

static void write_json(const struct doctor *doctor, struct strbuf *out)
{
	struct json_maker *maker = json_maker_new(doctor->arena);
	struct json_node *array = json_array(maker);
	size_t length;

	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_row *row = &doctor->rows[i];
		struct json_node *object = json_object(maker);

		json_set_text(maker, object, "finding", words[row->finding]);
		json_set_text(maker, object, "check", row->check);
		json_set_text(maker, object, "what", row->what);
		json_set_text(maker, object, "sentence", row->sentence);
		json_set_text(maker, object, "do", row->advice);
		json_add_node(maker, array, object);
	}
	strbuf_adds(out, json_write(maker, array, &length));
	strbuf_addc(out, '\n');
}

void doctor_write(const struct doctor *doctor, bool json, struct strbuf *out)
{
	if (json) {
		write_json(doctor, out);
		return;
	}
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_row *row = &doctor->rows[i];

		strbuf_addf(out, "%-4s  %-8s  %s: %s%s%s\n",
			words[row->finding], row->check, row->what,
			row->sentence, row->advice ? " -> " : "",
			row->advice ? row->advice : "");
	}
	strbuf_addf(out, "%zu looked at, %zu warnings, %zu wrong\n",
		doctor->count, doctor_count(doctor, FINDING_WARN),
		doctor_count(doctor, FINDING_FAIL));
}
