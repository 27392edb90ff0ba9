/* SPDX-License-Identifier: Apache-2.0 */
/* Access on the broker's side: what a principal may do, allowed from any host.
 */
#pragma once

#include "wire/kafka.h"

enum kafka_acl_on { KAFKA_ACL_TOPIC, KAFKA_ACL_GROUP, KAFKA_ACL_TRANSACTION };
enum kafka_acl_may { KAFKA_ACL_READ, KAFKA_ACL_WRITE, KAFKA_ACL_DESCRIBE };
/* "topic", "group", "transactional id"; "read", "write", "describe". */
const char *kafka_acl_on_word(enum kafka_acl_on on);
const char *kafka_acl_may_word(enum kafka_acl_may may);

struct kafka_acl {
	enum kafka_acl_on on;
	const char *name;
	enum kafka_acl_may may;
};
/* Allows it to the principal ("User:name"); the same again changes nothing.
 * RETRY: no broker answered. CONFIG: the broker refuses. */
enum status kafka_acl_create(struct kafka_admin *admin, const char *principal,
	const struct kafka_acl *acl, struct reason *reterr) MUST_CHECK;
