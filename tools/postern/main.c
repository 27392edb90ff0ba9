/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Commands are the files of commands/.
 *
 * Privilege: reads the files it is told; `send` speaks to the ingest it is
 * told, with the secret of that source; `state` and `why` read PostgreSQL as
 * the role they are given (postern_reader will do); `doctor` reaches whatever
 * the services reach, as they do, with their secrets, and reads only. Writes
 * nothing.
 */
#include "command.h"

#include <signal.h>
#include <unistd.h>

/* As PID 1 of a container a program without handlers cannot be ended. */
static void end(int number)
{
	_exit(128 + number);
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = end};

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	return command_main(argc, argv);
}
