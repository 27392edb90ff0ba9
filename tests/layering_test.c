/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Includes point left: base <- wire <- model <- daemon <- services <- the rest.
 * No service includes another; third-party headers stay inside wire/. Every
 * line of the tree is judged, and the message is the offending line.
 */
#include "base/reason.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYERS "libs/common/"
#define WIRE LAYERS "wire/"
#define HARNESS LAYERS "base/testing.h"
/* The bare libraries, as what the benches measure us against. */
#define BARE "bench/bare/"
#define PATH_ROOM 600

/* What a folder may include: itself and what stands before it. */
static const char *const ranks[] = {LAYERS "base/", WIRE, LAYERS "model/",
	LAYERS "daemon/", "services/", "tools/", "tests/", "bench/"};
#define RANKS (sizeof(ranks) / sizeof(ranks[0]))
#define RANK_SERVICES 4

/* C, POSIX and Linux; anything else between angle brackets is third-party. */
static const char *const system_headers[] = {"assert.h", "arpa/inet.h",
	"ctype.h", "dirent.h", "errno.h", "fcntl.h", "float.h", "fnmatch.h",
	"ftw.h", "getopt.h", "glob.h", "inttypes.h", "limits.h", "locale.h",
	"math.h", "net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h",
	"poll.h", "pthread.h", "regex.h", "setjmp.h", "signal.h", "spawn.h",
	"stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
	"stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h", "string.h",
	"strings.h", "syslog.h", "termios.h", "threads.h", "time.h",
	"unistd.h"};

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static size_t rank_of(const char *file)
{
	size_t i = 0;

	while (i < RANKS && !starts(file, ranks[i]))
		i++;
	return i;
}

static bool is_system(const char *header)
{
	if (starts(header, "sys/") || starts(header, "linux/"))
		return true;
	for (size_t i = 0; i < sizeof(system_headers) / sizeof(char *); i++)
		if (strcmp(header, system_headers[i]) == 0)
			return true;
	return false;
}

static bool there(const char *folder, const char *name)
{
	char path[2 * PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%s/%s", POSTERN_SOURCE_DIR, folder,
		name);
	return access(path, R_OK) == 0;
}

/* The header's name where `line` is an include; NULL otherwise. */
static const char *included(const char *line, char *name, bool *ret_angle)
{
	char open = 0;

	line += strspn(line, " \t");
	if (*line++ != '#')
		return NULL;
	line += strspn(line, " \t");
	if (!starts(line, "include") ||
		sscanf(line, "include %c%399[^>\"]", &open, name) != 2)
		return NULL;
	*ret_angle = open == '<';
	return name;
}

/* A header of wire/ that shows a third-party type is wire's own business. */
static bool is_private(const char *header)
{
	char path[PATH_ROOM];
	char line[512];
	char name[400];
	bool angle;
	bool private = false;
	FILE *in;

	snprintf(path, sizeof(path), "%s/" LAYERS "%s", POSTERN_SOURCE_DIR,
		header);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		if (included(line, name, &angle) && angle && !is_system(name))
	private = true;
	if (in)
		fclose(in);
	return private;
}

/* services/<one> of a file below services/. */
static void service_of(const char *file, char *ret, size_t size)
{
	size_t n = strlen("services/");

	n += strcspn(file + n, "/");
	snprintf(ret, size, "%.*s", (int)n, file);
}

static const char *const services[] = {"services/ingest", "services/evaluator",
	"services/notifier", "services/console"};

/* A service finds its headers at home; what only another has is not for it. */
static const char *judge_service(const char *file, const char *name)
{
	char home[200];

	service_of(file, home, sizeof(home));
	if (starts(name, "services/") && !starts(name, home))
		return "a service includes another service";
	if (there(home, name))
		return NULL;
	for (size_t i = 0; i < sizeof(services) / sizeof(char *); i++)
		if (strcmp(services[i], home) != 0 && there(services[i], name))
			return "a service includes another service";
	return NULL;
}

static const char *judge_quoted(const char *file, const char *name)
{
	char full[PATH_ROOM];
	size_t mine = rank_of(file);
	size_t other;

	snprintf(full, sizeof(full), LAYERS "%s", name);
	other = rank_of(full);
	if (strstr(name, ".."))
		return "an include climbs out of its folder";
	if (other < RANK_SERVICES && other > mine)
		return "an include points right";
	if (other == 1 && mine != 1 && is_private(name))
		return "a header that shows a third-party type leaves wire/";
	if (other < RANK_SERVICES)
		return NULL;
	if (mine < RANK_SERVICES)
		return "libs/common includes what is not in its four layers";
	return mine == RANK_SERVICES ? judge_service(file, name) : NULL;
}

/* NULL, or what is wrong with this line of this file. */
static const char *judge(const char *file, const char *line)
{
	char name[400];
	bool angle;

	if (!included(line, name, &angle))
		return NULL;
	if (!angle)
		return judge_quoted(file, name);
	if (is_system(name) || starts(file, WIRE) || starts(file, BARE))
		return NULL;
	if (strcmp(file, HARNESS) == 0 && strcmp(name, "cmocka.h") == 0)
		return NULL;
	return "a third-party header outside wire/";
}

struct walk {
	size_t files;
	size_t wrong;
};

static void read_file(const char *file, struct walk *walk)
{
	char path[2 * PATH_ROOM];
	char line[1024];
	unsigned number = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", POSTERN_SOURCE_DIR, file);
	in = fopen(path, "r");
	assert_non_null(in);
	walk->files++;
	while (fgets(line, sizeof(line), in)) {
		const char *wrong = judge(file, line);

		number++;
		if (!wrong)
			continue;
		walk->wrong++;
		print_error("%s:%u: %s: %s", file, number, wrong, line);
	}
	fclose(in);
}

static bool is_source(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && name[n - 2] == '.' &&
	       (name[n - 1] == 'c' || name[n - 1] == 'h');
}

/* Depth is bounded by the length of a path. */
static void read_folder(const char *folder, struct walk *walk)
{
	char path[2 * PATH_ROOM];
	struct stat info;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", POSTERN_SOURCE_DIR, folder);
	dir = opendir(path);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char below[PATH_ROOM];

		if (entry->d_name[0] == '.')
			continue;
		assert_true(snprintf(below, sizeof(below), "%s/%s", folder,
				    entry->d_name) < (int)sizeof(below));
		snprintf(
			path, sizeof(path), "%s/%s", POSTERN_SOURCE_DIR, below);
		if (stat(path, &info) != 0)
			continue;
		if (S_ISDIR(info.st_mode))
			read_folder(below, walk);
		else if (is_source(below))
			read_file(below, walk);
	}
	closedir(dir);
}

static void test_layering__holds_for_every_include_of_the_tree(void **state)
{
	static const char *const roots[] = {
		"libs", "services", "tools", "tests", "bench"};
	struct walk walk = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		read_folder(roots[i], &walk);
	/* A walk that found nothing would be a test that cannot fail. */
	assert_true(walk.files > 60);
	assert_int_equal(walk.wrong, 0);
}

static void allowed(const char *file, const char *line)
{
	const char *wrong = judge(file, line);

	if (wrong)
		fail_msg("%s: %s: %s", file, line, wrong);
}

static void refused(const char *file, const char *line, const char *why)
{
	const char *wrong = judge(file, line);

	if (!wrong || !strstr(wrong, why))
		fail_msg("%s: %s: %s", file, line, wrong ? wrong : "allowed");
}

static void test_layering__lets_includes_point_left_only(void **state)
{
	(void)state;
	allowed("libs/common/model/x.c", "#include \"wire/json.h\"\n");
	allowed("services/ingest/edge/x.c", "#include \"daemon/admin.h\"\n");
	refused("libs/common/base/x.h", "#include \"wire/json.h\"\n", "right");
	refused("libs/common/wire/x.h", "  #  include \"model/subject.h\"\n",
		"right");
	refused("libs/common/model/x.c", "#include \"daemon/lease.h\"\n",
		"right");
	refused("libs/common/daemon/x.c", "#include \"adapter.h\"\n",
		"four layers");
	refused("services/ingest/x.c", "#include \"../evaluator/rule.h\"\n",
		"climbs");
}

static void test_layering__keeps_services_apart(void **state)
{
	(void)state;
	allowed("services/ingest/adapters/x.c", "#include \"adapter.h\"\n");
	allowed("services/evaluator/rules/x.c", "#include \"rule.h\"\n");
	allowed("tests/golden_test.c", "#include \"adapter.h\"\n");
	refused("services/evaluator/x.c", "#include \"adapter.h\"\n",
		"another service");
	refused("services/ingest/x.c", "#include \"rule.h\"\n",
		"another service");
	refused("services/notifier/x.c",
		"#include \"services/evaluator/rule.h\"\n", "another service");
}

static void test_layering__keeps_third_party_headers_in_wire(void **state)
{
	(void)state;
	allowed("libs/common/wire/x.c", "#include <yyjson.h>\n");
	allowed("libs/common/wire/x.c", "#include \"wire/pg_private.h\"\n");
	allowed("libs/common/base/x.c", "#include <sys/stat.h>\n");
	allowed(HARNESS, "#include <cmocka.h>\n");
	allowed("bench/bare/x.c", "#include <libpq-fe.h>\n");
	refused("libs/common/base/x.h", "#include <cmocka.h>\n", "third-party");
	refused("services/ingest/x.c", "#include <openssl/evp.h>\n",
		"third-party");
	refused("tests/x.c", "#include <librdkafka/rdkafka.h>\n",
		"third-party");
	refused("libs/common/daemon/x.c", "#include \"wire/pg_private.h\"\n",
		"leaves wire/");
}
