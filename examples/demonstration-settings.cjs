// The Node-RED settings of the demonstration: loopback only, no telemetry, no tours, nothing to install, and an editor for
// those only who have its address from the terminal.
const { timingSafeEqual } = require("node:crypto");

const port = Number(process.env.CP_IS_DEMONSTRATION_PORT);
const ownHosts = new Set(["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`));
const secretToken = Buffer.from(process.env.CP_IS_DEMONSTRATION_TOKEN ?? "");

function isSecretToken(token) {
  const given = Buffer.from(String(token));
  return secretToken.length > 0 && given.length === secretToken.length && timingSafeEqual(given, secretToken);
}

/**
 * A page of anybody can make its own name lead to this machine, and a browser then takes the editor for a part of it. The
 * name stays in Host, and a request from another page has that page in Origin.
 */
function refuseForeign(request, response, next) {
  const { host, origin } = request.headers;
  const isOwnOrigin = origin === undefined || [...ownHosts].some((own) => origin === `http://${own}`);
  if (ownHosts.has(host) && isOwnOrigin) next();
  else response.status(403).type("text/plain").send("This editor answers only to its own address on this machine.\n");
}

module.exports = {
  uiHost: "127.0.0.1",
  uiPort: port,
  flowFile: "flows.json",
  credentialSecret: process.env.CP_IS_DEMONSTRATION_SECRET,
  httpAdminMiddleware: refuseForeign,
  httpNodeMiddleware: refuseForeign,
  adminAuth: {
    type: "credentials",
    users: [],
    tokens: (token) => Promise.resolve(isSecretToken(token) ? { username: "demonstration", permissions: "*" } : null),
  },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  externalModules: { palette: { allowInstall: false, allowUpload: false }, modules: { allowInstall: false } },
  editorTheme: { tours: false, userMenu: false, header: { title: "CP-IS demonstration" } },
  logging: { console: { level: "info", metrics: false, audit: false } },
};
