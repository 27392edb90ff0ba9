/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

#include <string.h>

const struct rule *rule_find(const char *name)
{
	for (size_t i = 0; i < rule_table_size; i++)
		if (strcmp(rule_table[i]->name, name) == 0)
			return rule_table[i];
	return NULL;
}
