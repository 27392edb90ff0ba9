/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes first: cmocka in its required order, and a
 * way to test that something aborts.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `call` in a child process and wants it to end by SIGABRT. */
static inline void assert_aborts(void (*call)(void))
{
	int state;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		signal(SIGABRT, SIG_DFL);
		call();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &state, 0), child);
	assert_true(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
}
