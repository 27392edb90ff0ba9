/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before every source file by the compiler: calls that have a safer
 * sibling here do not compile.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POSTERN_BANNED(name) postern_banned_##name##_see_base_banned_h

#undef strcpy
#define strcpy(a, b) POSTERN_BANNED(strcpy)
#undef strcat
#define strcat(a, b) POSTERN_BANNED(strcat)
#undef strncpy
#define strncpy(a, b, c) POSTERN_BANNED(strncpy)
#undef sprintf
#define sprintf(...) POSTERN_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) POSTERN_BANNED(vsprintf)
#undef strtok
#define strtok(a, b) POSTERN_BANNED(strtok)
#undef localtime
#define localtime(a) POSTERN_BANNED(localtime)
#undef gmtime
#define gmtime(a) POSTERN_BANNED(gmtime)
#undef atoi
#define atoi(a) POSTERN_BANNED(atoi)
#undef atol
#define atol(a) POSTERN_BANNED(atol)
#undef system
#define system(a) POSTERN_BANNED(system)
