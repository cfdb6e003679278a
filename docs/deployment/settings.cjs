// Node-RED settings of one instance. Secrets come from files, so that they are in no image and no process list.
const fs = require("node:fs");

function secret(name) {
  const file = process.env[`${name}_FILE`];
  return file === undefined ? process.env[name] : fs.readFileSync(file, "utf8").trim();
}

// The flow names the database as ${CP_IS_DATABASE_URL}, and its key as ${CP_IS_STORE_KEY}.
for (const name of ["CP_IS_DATABASE_URL", "CP_IS_STORE_KEY"]) process.env[name] ??= secret(name) ?? "";

module.exports = {
  // The editor is reached through a proxy that asks who it is; see nginx.conf.
  uiHost: "0.0.0.0",
  uiPort: Number(process.env.PORT ?? 1880),
  httpAdminRoot: "/",
  flowFile: "flows.json",
  credentialSecret: secret("CREDENTIAL_SECRET"),
  // Without adminAuth the message log shows no content and no answer. Make each hash with: npx node-red admin hash-pw
  adminAuth: process.env.ADMIN_PASSWORD_HASH && {
    type: "credentials",
    users: [{ username: "engineer", password: process.env.ADMIN_PASSWORD_HASH, permissions: "*" }],
  },
  // All instances deploy the same flow file; nobody edits it on one of them.
  disableEditor: process.env.EDITOR !== "1",
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  externalModules: { palette: { allowInstall: false, allowUpload: false }, modules: { allowInstall: false } },
  logging: { console: { level: "info", metrics: false, audit: true } },
};
