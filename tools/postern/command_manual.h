/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "command.h"

/* Prints the manual page of all commands: postern --manual | man -l - */
void command_manual(void);
