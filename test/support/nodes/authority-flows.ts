// The nodes of a local authority's flow, by each way that its files can go, and the hospital beside it.
import { queryNode, receivers, simulatorNode, simulatorTransport } from "./flows.js";

const place = { z: "tab", x: 100, y: 100 };

export type Way = "mesh" | "ebxml";
export const ways: readonly Way[] = ["mesh", "ebxml"];

export const meshTransport = {
  id: "mailbox-transport",
  type: "mesh transport",
  name: "mailbox",
  environment: "simulator",
  odsCode: "998",
  pollSeconds: "1",
};

export const filesTransport = {
  ...simulatorTransport,
  id: "file-transport",
  name: "files",
  pattern: "reliable",
  partyKey: "XLA-900998",
  asid: "990000000998",
  odsCode: "998",
  organisationName: "EXAMPLE TEST COUNCIL",
  path: "/mhs/files",
  carriesFiles: true,
};

function by(way: Way): object {
  return { over: way, meshTransport: "mailbox-transport", ebxmlTransport: "file-transport" };
}

export function uploadNode(way: Way, change: object = {}): object {
  return {
    id: "upload",
    type: "cp-is upload",
    ...place,
    name: "",
    ...by(way),
    odsCode: "998",
    authorityName: "EXAMPLE TEST COUNCIL",
    emergencyDutyTelephone: "01632 960999",
    officeHoursTelephone: "",
    faultyRecords: "refuse-file",
    dateForm: "day-first",
    columns: {},
    keep: "topic, case",
    firstNumber: "1",
    listRecords: true,
    wires: [["response"], ["refused"]],
    ...change,
  };
}

export function notificationNode(way: Way, change: object = {}): object {
  return {
    id: "notification",
    type: "cp-is notification",
    ...place,
    name: "",
    ...by(way),
    confirm: "on-handover",
    redeliverMinutes: "5",
    takesUnknown: false,
    wires: [["access"], ["inactive"], ["unknown"]],
    ...change,
  };
}

export const confirmNode = {
  id: "confirm",
  type: "cp-is confirm",
  ...place,
  name: "",
  wires: [["confirmed"]],
};

function helperNode(id: string): object {
  return { id, type: "helper", ...place, wires: [] };
}

/** Everything but the nodes that a test is about. */
export const surroundings = [
  ...receivers.filter(({ id }) => id !== "complete"),
  ...["response", "refused", "access", "inactive", "unknown", "confirmed"].map(helperNode),
  { ...simulatorNode, answerDelay: "0" },
  simulatorTransport,
  queryNode,
  meshTransport,
  filesTransport,
];

/** A row as a CSV node gives it; the numbers are of the range that no patient has. */
export function row(nhsNumber: string, change: Record<string, string> = {}): Record<string, string> {
  return {
    nhsNumber,
    localId: `LOCAL-${nhsNumber}`,
    givenName: "Test",
    familyName: "Child",
    birthDate: "14/03/2016",
    planType: "CPP",
    startDate: "03/11/2025 09:00",
    ...change,
  };
}

/** The modulus-11 check digit of nine digits; 10 when they cannot begin an NHS number. */
function checkDigit(digits: string): number {
  const sum = Array.from(digits).reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  return (11 - (sum % 11)) % 11;
}

/** So many different NHS numbers of the range that no patient has. */
export function testNumbers(count: number): string[] {
  const numbers: string[] = [];
  for (let next = 999_500_000; numbers.length < count; next += 1) {
    const digit = checkDigit(String(next));
    if (digit < 10) numbers.push(`${next}${digit}`);
  }
  return numbers;
}
