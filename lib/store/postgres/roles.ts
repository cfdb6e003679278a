// The rights that a role needs to work with a schema which another one owns, and no more.

/** As createPostgresMessageStore takes a schema; a role is quoted. */
const schemaPattern = /^[a-z_][a-z0-9_]{0,40}$/;

/**
 * SQL for the owner of the schema, once it was made by a first start as its owner. With these rights a role reads and
 * appends to the audit, and can neither change nor remove an entry, nor change the schema: a newer version of it is made
 * by its owner, and these are granted again. Throws RangeError for a name that is no schema's.
 */
export function workerRoleStatements(schema: string, role: string): readonly string[] {
  if (!schemaPattern.test(schema)) throw new RangeError("the schema's name");
  const quoted = `"${role.replaceAll('"', '""')}"`;
  const on = (...tables: readonly string[]): string => tables.map((table) => `${schema}.${table}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${quoted}`,
    `GRANT SELECT ON ${on("schema_version")} TO ${quoted}`,
    `GRANT SELECT, INSERT ON ${on("audit", "history")} TO ${quoted}`,
    `GRANT SELECT, INSERT, UPDATE ON ${on("audit_head", "sequence")} TO ${quoted}`,
    `GRANT SELECT, UPDATE ON ${on("identity", "probe")} TO ${quoted}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${on("message", "content", "inbound_reply", "lease", "instance")} TO ${quoted}`,
    `GRANT SELECT ON ${on("message_id_seq")} TO ${quoted}`,
  ];
}
