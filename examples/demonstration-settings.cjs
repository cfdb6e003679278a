// The Node-RED settings of the demonstration: loopback only, no telemetry, no tours, nothing to install.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.CP_IS_DEMONSTRATION_PORT),
  flowFile: "flows.json",
  credentialSecret: process.env.CP_IS_DEMONSTRATION_SECRET,
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  externalModules: { palette: { allowInstall: false, allowUpload: false }, modules: { allowInstall: false } },
  editorTheme: { tours: false, header: { title: "CP-IS demonstration" } },
  logging: { console: { level: "info", metrics: false, audit: false } },
};
