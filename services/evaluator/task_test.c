/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

static void test_task__knows_tasks_and_practices(void **state)
{
	(void)state;
	assert_true(task_is("PO.1.1"));
	assert_true(task_is("PO.5.2"));
	assert_false(task_is("PO.5.3"));
	assert_false(task_is("PO.5"));
	assert_false(task_is(""));
	assert_true(task_is_practice("PO.1"));
	assert_true(task_is_practice("PO.5"));
	assert_false(task_is_practice("PO.6"));
	assert_false(task_is_practice("PO"));
	assert_false(task_is_practice("PO."));
	assert_false(task_is_practice("PO.1.1"));
	assert_false(task_is_practice(""));
}

static void test_task__is_what_an_id_begins_with(void **state)
{
	(void)state;
	assert_string_equal(task_of("PO.3.2-a"), "PO.3.2");
	assert_null(task_of("PO.3.2"));
	assert_null(task_of("PO.3.9-a"));
	assert_null(task_of("PO.3-a"));
	assert_null(task_of("PO.3.2.1-a"));
	assert_null(task_of("-a"));
	assert_null(task_of(""));
}
