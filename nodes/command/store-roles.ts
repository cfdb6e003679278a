// The verb `store roles`: the SQL that gives a role of PostgreSQL the rights of a worker, and no more.
import { workerRoleStatements } from "../../lib/store/postgres/roles.js";
import { refuse, requiredOption, textOption, type Verb } from "./verb.js";

export const storeRoles: Verb = {
  name: "store roles",
  summary: "prints the SQL that lets a role of PostgreSQL work with the store, and only append to the audit",
  usage: "--role <role> [--schema <name>]",
  help: `Nothing is changed, and nothing need be stopped. Start one Node-RED, or run cp-is store check, as the owner of the
schema: that makes it, or brings it up to date. Then run what this prints as the owner, and let every Node-RED use the role.`,
  options: { role: { type: "string" }, schema: { type: "string" } },
  run(values) {
    const role = requiredOption(values, "role");
    const schema = textOption(values, "schema") ?? "cp_is";
    if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) refuse("--schema is small letters, digits and underscores.");
    const statements = workerRoleStatements(schema, role);
    const text = statements.map((sql) => `${sql};\n`).join("");
    return Promise.resolve({ exitCode: 0, text, json: { statements } });
  },
};
