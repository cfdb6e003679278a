// `@cp-is/node-red/rehearsal`: the scenarios of onboarding, and the report of what was seen.
export type * from "../rehearsal/model.js";
export type { AuthoritySide, HospitalSide, RehearsalEnvironment, UploadEnd } from "../rehearsal/environment.js";
export { openPathToLiveEnvironment } from "../rehearsal/path-to-live-environment.js";
export { openSimulatedEnvironment } from "../rehearsal/simulated-environment.js";
export { parseScenarios, readOwnScenarios, readScenarioFile } from "../rehearsal/read-scenarios.js";
export { runRehearsal, type RehearsalOptions } from "../rehearsal/run-rehearsal.js";
export { compareReports, parseReport, type ReportComparison } from "../rehearsal/compare-reports.js";
export { encodeHtmlReport } from "../rehearsal/report-html.js";
