/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/acls_admin.h"

#include "daemon/common.h"

const char *acls_principal(struct arena *arena,
	const struct common_settings *common, const char *service)
{
	if (common->kafka_principal)
		return common->kafka_principal;
	return arena_printf(arena, "User:postern-%s", service);
}

static struct kafka_acl acl_of(
	struct arena *arena, const char *prefix, const struct acls_row *row)
{
	const char *name = row->name;

	if (!name)
		name = topic_name(arena, prefix, row->topic);
	else if (*name == '-')
		name = arena_printf(arena, "%s%s", prefix, name);
	return (struct kafka_acl){row->on, name, (enum kafka_acl_may)row->may};
}

enum status acls_create(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, const char *service,
	const struct acls_row *rows, struct strbuf *out, struct reason *reterr)
{
	const char *principal = acls_principal(arena, common, service);
	struct kafka_admin *admin = NULL;
	enum status status = common_kafka_try(kafka, reterr);

	if (status == OK)
		status = kafka_admin_open(kafka, &admin, reterr);
	for (; status == OK && rows->may >= 0; rows++) {
		struct kafka_acl acl =
			acl_of(arena, common->topic_prefix, rows);

		status = kafka_acl_create(admin, principal, &acl, reterr);
		if (status == OK)
			strbuf_addf(out, "%s may %s %s %s\n", principal,
				kafka_acl_may_word(acl.may),
				kafka_acl_on_word(acl.on), acl.name);
	}
	kafka_admin_close(&admin);
	return status;
}
