// A council that uploads over ebXML and a hospital that asks, both with the simulator, for the tests of the message log.

const place = { z: "flow", wires: [[]] };
const listener = { host: "127.0.0.1", port: "0" };

function inject(id: string, y: number, payload: unknown, wires: readonly string[]): object {
  return {
    id,
    type: "inject",
    z: "flow",
    name: id,
    props: [
      { p: "payload", v: JSON.stringify(payload), vt: "json" },
      { p: "cpis", v: JSON.stringify({ user }), vt: "json" },
    ],
    repeat: "",
    once: false,
    x: 130,
    y,
    wires: [wires],
  };
}

const user = {
  userId: "100000000001",
  roleProfileId: "100000000002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { prefix: "Dr", given: ["Anne"], family: "Example" },
  organisation: { code: "RZZ01", name: "Example Hospital" },
  activities: ["B0107"],
};

/** Fields of a child that may be seen in the content of a message and nowhere else. */
export const child = {
  nhsNumber: "9990000093",
  localId: "MARK-LOCAL",
  givenName: "MarkGiven",
  familyName: "MarkFamily",
  birthDate: "23/11/2019",
  planType: "CPP",
  startDate: "03/11/2025 09:00",
};

/** What a search of everything but content must never find. */
export const markers = [
  child.nhsNumber,
  "999 000 0093",
  child.localId,
  child.givenName,
  child.familyName,
  "23/11/2019",
  "2019-11-23",
  "20191123",
];

/** The inject nodes are named by what they do. */
export function messageLogFlow(): object[] {
  return [
    { id: "flow", type: "tab", label: "Message log" },
    { id: "sim", type: "spine simulator", ...place, name: "", ...listener, answerDelay: "0", x: 400, y: 320 },
    inject("upload", 80, [child], ["upload-node"]),
    inject("ask", 140, child.nhsNumber, ["query-node"]),
    inject("break", 260, { command: "injectFault", fault: { kind: "ebxmlError", code: "402005" } }, ["sim"]),
    inject("mend", 320, { command: "clearFaults" }, ["sim"]),
    {
      id: "upload-node",
      type: "cp-is upload",
      ...place,
      name: "",
      over: "ebxml",
      ebxmlTransport: "files-transport",
      odsCode: "998",
      authorityName: "EXAMPLE TEST COUNCIL",
      emergencyDutyTelephone: "01632 960999",
      officeHoursTelephone: "",
      faultyRecords: "refuse-file",
      dateForm: "day-first",
      columns: {},
      keep: "",
      firstNumber: "1",
      listRecords: true,
      x: 380,
      y: 80,
      wires: [[], []],
    },
    {
      id: "query-node",
      type: "cp-is query",
      ...place,
      name: "",
      transport: "hospital-transport",
      nhsNumber: "payload",
      nhsNumberType: "msg",
      accessMode: "user",
      timeout: "120",
      x: 380,
      y: 140,
      wires: [[], []],
    },
    {
      id: "files-transport",
      type: "ebxml transport",
      name: "council",
      environment: "simulator",
      maximumMegabytes: "10",
      connectTimeout: "10",
      replyTimeout: "30",
      pattern: "reliable",
      path: "/mhs/files",
      carriesFiles: true,
      partyKey: "XLA-900998",
      asid: "990000000998",
      odsCode: "998",
      organisationName: "EXAMPLE TEST COUNCIL",
    },
    {
      id: "hospital-transport",
      type: "ebxml transport",
      name: "hospital",
      environment: "simulator",
      maximumMegabytes: "10",
      connectTimeout: "10",
      replyTimeout: "30",
      pattern: "express",
      path: "/mhs/ebxml",
      partyKey: "ZT7-900145",
      asid: "990000000145",
      odsCode: "ZT7",
      organisationName: "EXAMPLE HOSPITAL TRUST",
    },
  ];
}
