/* SPDX-License-Identifier: Apache-2.0 */
/* For tests only: authorities and certificates that openssl makes in a folder
 * of the test's own, NAME.pem and NAME.key each. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tls_folder {
	char path[40];
	char texts[8][80]; /* what tls_path gave last */
	unsigned given;
};

/* Holds until it was called seven times more. */
static inline char *tls_path(
	struct tls_folder *folder, const char *name, const char *suffix)
{
	char *text = folder->texts[folder->given++ % 8];

	snprintf(text, sizeof(folder->texts[0]), "%s/%s.%s", folder->path, name,
		suffix);
	return text;
}

static inline void tls_shell(const char *command)
{
	pid_t child = fork();
	int state;

	if (child == 0) {
		execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &state, 0), child);
	assert_true(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static inline struct tls_folder tls_begin(void)
{
	struct tls_folder folder = {.path = "/tmp/tls-test-XXXXXX"};

	assert_non_null(mkdtemp(folder.path));
	return folder;
}

static inline void tls_end(const struct tls_folder *folder)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", folder->path);
	tls_shell(command);
}

#define TLS_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "

static inline void tls_authority(struct tls_folder *folder, const char *name)
{
	char command[600];

	snprintf(command, sizeof(command),
		"cd %s; openssl req -x509 " TLS_KEY "-days 30 -subj /CN=%s "
		"-addext basicConstraints=critical,CA:TRUE -keyout %s.key "
		"-out %s.pem 2>%s.log",
		folder->path, name, name, name, name);
	tls_shell(command);
}

/* `days` -1: it has expired. `usage` is serverAuth or clientAuth. */
static inline void tls_certificate(struct tls_folder *folder, const char *name,
	const char *authority, const char *subject, const char *usage, int days)
{
	char command[1200];

	snprintf(command, sizeof(command),
		"cd %s; openssl req " TLS_KEY "-subj %s -keyout %s.key -out "
		"%s.csr 2>%s.log; printf 'subjectAltName=IP:127.0.0.1\\n"
		"extendedKeyUsage=%s\\n' >%s.ext; openssl x509 -req -in %s.csr "
		"-CA %s.pem -CAkey %s.key -CAcreateserial -days %d -extfile "
		"%s.ext -out %s.pem 2>>%s.log",
		folder->path, subject, name, name, name, usage, name, name,
		authority, authority, days, name, name, name);
	tls_shell(command);
}

/* Renames, as whoever renews a certificate in place must. */
static inline void tls_replace(
	struct tls_folder *folder, const char *from, const char *to)
{
	char command[300];

	snprintf(command, sizeof(command),
		"cd %s; for end in pem key; do [ ! -e %s.$end ] || { "
		"cp %s.$end %s.new; mv %s.new %s.$end; }; done",
		folder->path, from, from, to, to, to);
	tls_shell(command);
}
