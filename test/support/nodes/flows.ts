// The nodes of which the tests' flows are made.

/** Without a place on the canvas Node-RED takes a node for a config node. */
const place = { x: 100, y: 100 };
const own = { partyKey: "ZT7-900145", asid: "200000000115", odsCode: "RZZ01", organisationName: "Example Hospital" };

export const simulatorTransport = {
  id: "transport",
  type: "ebxml transport",
  name: "to the simulator",
  environment: "simulator",
  pattern: "express",
  path: "/mhs/ebxml",
  ...own,
};

/** Complete but for certificates; nothing listens there. */
export const spineTransport = {
  id: "transport",
  type: "ebxml transport",
  name: "to Spine",
  environment: "other",
  contractBy: "hand",
  tls: "tls",
  // Of the simulator's own certificate, and of one that a test makes.
  clientNames: "localhost, spine",
  endpointUrl: "https://127.0.0.1:1/reliablemessaging/queryrequest",
  cpaId: "S2001924A2012004",
  toPartyKey: "YES-0000806",
  toAsid: "928942012545",
  syncReplyMode: "MSHSignalsOnly",
  ackRequested: "never",
  duplicateElimination: "never",
  host: "127.0.0.1",
  port: "0",
  path: "/mhs/ebxml",
  ...own,
};

export const simulatorNode = {
  id: "simulator",
  type: "spine simulator",
  z: "tab",
  ...place,
  name: "",
  port: "0",
  host: "127.0.0.1",
  answerDelay: "0",
  wires: [["events"]],
};

export const queryNode = {
  id: "query",
  type: "cp-is query",
  z: "tab",
  ...place,
  name: "",
  transport: "transport",
  nhsNumber: "payload",
  nhsNumberType: "msg",
  accessMode: "user",
  checkActivities: true,
  careSetting: "unscheduled",
  timeout: "120",
  emptyResponse: "failed",
  wires: [["found"], ["not-found"]],
};

/** Receivers for everything a query can end in. */
export const receivers = [
  { id: "tab", type: "tab", label: "test" },
  { id: "found", type: "helper", z: "tab", ...place, wires: [] },
  { id: "not-found", type: "helper", z: "tab", ...place, wires: [] },
  { id: "events", type: "helper", z: "tab", ...place, wires: [] },
  { id: "catch", type: "catch", z: "tab", ...place, scope: null, wires: [["caught"]] },
  { id: "caught", type: "helper", z: "tab", ...place, wires: [] },
  { id: "complete", type: "complete", z: "tab", ...place, scope: ["query"], wires: [["completed"]] },
  { id: "completed", type: "helper", z: "tab", ...place, wires: [] },
];

export const clinician = {
  userId: "100000000001",
  roleProfileId: "100000000002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { prefix: "Dr", given: ["Anne"], family: "Example" },
  organisation: { code: "RZZ01", name: "Example Hospital" },
  activities: ["B0107"],
};
