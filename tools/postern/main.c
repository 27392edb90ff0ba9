/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Commands are the files of commands/.
 *
 * Privilege: reads the files it is told; `send` speaks to the ingest it is
 * told, with the secret of that source; `state` and `why` read PostgreSQL as
 * the role they are given (postern_reader will do). Writes nothing.
 */
#include "command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
