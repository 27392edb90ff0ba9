/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what on the broker's side. */
#include "wire/kafka_acl.h"

#include "base/bug.h"
#include "wire/kafka_private.h"

#include <librdkafka/rdkafka.h>

#define ANSWER_MS 10000

static rd_kafka_ResourceType_t resource_of(enum kafka_acl_on on)
{
	static const rd_kafka_ResourceType_t types[] = {
		[KAFKA_ACL_TOPIC] = RD_KAFKA_RESOURCE_TOPIC,
		[KAFKA_ACL_GROUP] = RD_KAFKA_RESOURCE_GROUP,
		[KAFKA_ACL_TRANSACTION] = RD_KAFKA_RESOURCE_TRANSACTIONAL_ID,
	};

	return types[on];
}

static rd_kafka_AclOperation_t operation_of(enum kafka_acl_may may)
{
	static const rd_kafka_AclOperation_t operations[] = {
		[KAFKA_ACL_READ] = RD_KAFKA_ACL_OPERATION_READ,
		[KAFKA_ACL_WRITE] = RD_KAFKA_ACL_OPERATION_WRITE,
		[KAFKA_ACL_DESCRIBE] = RD_KAFKA_ACL_OPERATION_DESCRIBE,
	};

	return operations[may];
}

const char *kafka_acl_on_word(enum kafka_acl_on on)
{
	static const char *const words[] = {[KAFKA_ACL_TOPIC] = "topic",
		[KAFKA_ACL_GROUP] = "group",
		[KAFKA_ACL_TRANSACTION] = "transactional id"};

	return words[on];
}

const char *kafka_acl_may_word(enum kafka_acl_may may)
{
	static const char *const words[] = {[KAFKA_ACL_READ] = "read",
		[KAFKA_ACL_WRITE] = "write",
		[KAFKA_ACL_DESCRIBE] = "describe"};

	return words[may];
}

static enum status read_result(rd_kafka_event_t *event,
	const struct kafka_acl *acl, struct reason *reterr)
{
	const rd_kafka_acl_result_t **rows;
	const rd_kafka_error_t *error = NULL;
	size_t count = 0;

	if (rd_kafka_event_error(event)) {
		reason_set(reterr, acl->name, "%s",
			rd_kafka_event_error_string(event));
		return kafka_admin_status(rd_kafka_event_error(event));
	}
	rows = rd_kafka_CreateAcls_result_acls(
		rd_kafka_event_CreateAcls_result(event), &count);
	if (count == 1)
		error = rd_kafka_acl_result_error(rows[0]);
	if (!error)
		return OK;
	if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_SECURITY_DISABLED)
		reason_set(reterr, acl->name,
			"the broker has no authorizer, so it keeps no ACLs: "
			"set authorizer.class.name on it");
	else
		reason_set(
			reterr, acl->name, "%s", rd_kafka_error_string(error));
	return kafka_admin_status(rd_kafka_error_code(error));
}

enum status kafka_acl_create(struct kafka_admin *admin, const char *principal,
	const struct kafka_acl *acl, struct reason *reterr)
{
	char why[200];
	rd_kafka_AclBinding_t *binding =
		rd_kafka_AclBinding_new(resource_of(acl->on), acl->name,
			RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal, "*",
			operation_of(acl->may),
			RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why, sizeof(why));
	rd_kafka_event_t *event;
	enum status status = RETRY;

	if (!binding) {
		reason_set(reterr, principal, "%s", why);
		return CONFIG;
	}
	rd_kafka_CreateAcls(kafka_admin_handle(admin), &binding, 1, NULL,
		kafka_admin_queue(admin));
	rd_kafka_AclBinding_destroy(binding);
	event = rd_kafka_queue_poll(kafka_admin_queue(admin), ANSWER_MS);
	if (!event) {
		reason_set(reterr, acl->name, "no broker answered in time");
		return status;
	}
	status = read_result(event, acl, reterr);
	rd_kafka_event_destroy(event);
	return status;
}
