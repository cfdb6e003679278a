// Uploads of local authorities over MESH: what CP-IS takes, what it refuses, and how it says so.
import assert from "node:assert/strict";
import { readNhsNumber } from "../../../../lib/cpis/nhs-number.js";
import { parseUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import { specialUploadNumbers } from "../../../../lib/simulator/index.js";
import {
  borough,
  child,
  codesOf,
  county,
  fileOf,
  openAuthority,
  plan,
  recordOf,
  type TestAuthority,
} from "../../../support/simulator/authority-client.js";

const first = "9990000018";
const second = "9990000026";

describe("An upload to the simulator over MESH", () => {
  let authority: TestAuthority;
  beforeEach(async () => {
    authority = await openAuthority();
  });
  afterEach(() => authority.close());

  const heldUnder = (nhsNumber: string): readonly string[] =>
    (authority.spine.simulator.register.find(nhsNumber)?.plans ?? []).map(
      ({ planType, endDate, localAuthority }) => `${localAuthority.code} ${planType} ${endDate ?? "open"}`,
    );

  it("is loaded, answered with CPF02, and what it says is the answer to a query", async () => {
    const telephones = { officeHoursTelephone: "01632960111", emergencyDutyTelephone: "01632960222" };
    const localAuthority = { ...county, ...telephones };
    const event = await authority.send(fileOf([recordOf(first)], { fileId: "41", localAuthority }), undefined, {
      "mex-LocalID": "999-41",
    });
    assert.deepEqual(event, {
      by: "mesh",
      messageId: event.messageId,
      localAuthority: "999",
      fileId: "41",
      fileCode: "CPF02",
      records: 1,
      accepted: 1,
      refused: 0,
      faults: [],
    });
    const [answer] = await authority.collect();
    assert.ok(answer);
    const { mesh } = authority.spine.simulator;
    assert.equal(answer.headers["mex-localid"], "999-41");
    assert.equal(answer.headers["mex-workflowid"], mesh.workflowIds.response);
    assert.equal(answer.headers["mex-from"], mesh.cpisMailbox);
    const response = parseUploadResponse(answer.body);
    assert.deepEqual(response.warnings, []);
    assert.deepEqual(response.fileResults, [{ code: "CPF02", displayName: "Successful File Upload" }]);
    assert.deepEqual(
      [response.fileId, response.recordsProcessed, response.successful, response.failed],
      ["41", 1, 1, 0],
    );
    assert.equal(response.localAuthority?.emergencyDutyTelephone, "01632960222");
    assert.deepEqual(codesOf(response), [["CPR06"]]);
    await authority.spine.send(authority.spine.prepare(first));
    const found = await authority.spine.answer(1);
    const payload = Buffer.from(found.kind === "message" ? (found.payload ?? "") : "").toString("utf8");
    assert.match(payload, /202603020900/);
    assert.match(payload, /tel:01632960111/);
    assert.match(payload, /tel:01632960222/);
  });

  it("ends a plan with its end date and withdraws it with its delete date, and never by leaving it out", async () => {
    await authority.upload([recordOf(first), recordOf(second)], { fileId: "1" });
    await authority.upload([recordOf(first, { endDate: "2026-11-01T00:00" })], { fileId: "2" });
    assert.deepEqual(heldUnder(first), ["999 child-protection-plan 2026-11-01T00:00"]);
    assert.deepEqual(heldUnder(second), ["999 child-protection-plan open"]);
    const { fileResults } = await authority.upload([recordOf(first, { deleteDate: "2026-11-02T00:00" })], {
      fileId: "3",
    });
    assert.equal(fileResults[0]?.code, "CPF02");
    assert.deepEqual(heldUnder(first), []);
    assert.deepEqual(heldUnder(second), ["999 child-protection-plan open"]);
  });

  it("leaves the plans of another local authority for the same child as they are", async () => {
    await authority.upload([recordOf(first)]);
    const other = { localAuthority: borough, mailbox: authority.borough };
    await authority.upload([recordOf(first)], other);
    assert.deepEqual(heldUnder(first), ["999 child-protection-plan open", "998 child-protection-plan open"]);
    await authority.upload([recordOf(first, { deleteDate: "2026-11-02T00:00" })], { ...other, fileId: "2" });
    assert.deepEqual(heldUnder(first), ["999 child-protection-plan open"]);
  });

  it("hangs the plan for an unborn child on the mother, whatever her age", async () => {
    const mother = {
      ...child("9990000034", { birthDate: "1995-06-07", familyName: "Mother" }),
      kind: "mother" as const,
    };
    const unborn = { ...plan, planType: "unborn-child-protection-plan" as const, endDate: "2027-02-01T00:00" };
    const response = await authority.upload([{ plans: [unborn], subjects: [mother] }]);
    assert.deepEqual(codesOf(response), [["CPR06"]]);
    assert.deepEqual(heldUnder("9990000034"), ["999 unborn-child-protection-plan 2027-02-01T00:00"]);
  });

  it("is loaded in part: each special number is refused with its code, and comes back with its plan", async () => {
    const numbers = specialUploadNumbers.map(({ nhsNumber }) => nhsNumber);
    const response = await authority.upload([recordOf(first), ...numbers.map((number) => recordOf(number))]);
    assert.equal(response.fileResults[0]?.code, "CPF03");
    assert.deepEqual(codesOf(response), [["CPR06"], ...specialUploadNumbers.map(({ code }) => [code])]);
    assert.deepEqual([response.successful, response.failed], [1, numbers.length]);
    assert.deepEqual(response.records[1]?.plans, [plan]);
    assert.equal(response.records[1].subjects[0]?.nhsNumber, numbers[0]);
    const last = response.records.at(-1)?.results[0];
    assert.deepEqual(
      last?.details.map(({ code }) => code),
      ["SIM700"],
    );
    for (const number of numbers) assert.deepEqual(heldUnder(number), []);
  });

  it("is loaded not at all when no record can be, with CPF04", async () => {
    const response = await authority.upload([recordOf("9990000042")]);
    assert.equal(response.fileResults[0]?.code, "CPF04");
    assert.deepEqual([response.recordsProcessed, response.successful, response.failed], [1, 0, 1]);
  });

  const refusals: readonly (readonly [string, Parameters<typeof recordOf>, string, string | undefined])[] = [
    ["a number without valid check digit", ["9990000019"], "CPR04", undefined],
    ["a child whom PDS knows by another name", ["9990001014"], "CPR03", undefined],
    ["an end before the start", [first, { endDate: "2026-01-01T00:00" }], "CPR07", "upload.end-before-start"],
    ["a child of 18 years", [first, {}, { birthDate: "2008-11-22" }], "CPR07", "upload.child-is-adult"],
  ];
  for (const [what, given, code, detail] of refusals) {
    it(`is refused in the record for ${what}, with ${code}`, async () => {
      const response = await authority.upload([recordOf(...given), recordOf(second)]);
      assert.deepEqual(codesOf(response), [[code], ["CPR06"]]);
      assert.equal(response.records[0]?.results[0]?.details[0]?.code, detail);
    });
  }

  it("takes a child on the day before the 18th birthday", async () => {
    assert.deepEqual(codesOf(await authority.upload([recordOf(first, {}, { birthDate: "2008-11-23" })])), [["CPR06"]]);
  });

  it("refuses the second of two records of the same plan", async () => {
    const response = await authority.upload([recordOf(first), recordOf(first, { endDate: "2026-10-01T00:00" })]);
    assert.deepEqual(codesOf(response), [["CPR06"], ["CPR07"]]);
    assert.deepEqual(heldUnder(first), ["999 child-protection-plan open"]);
  });

  const unreadable: readonly (readonly [string, (file: string) => string])[] = [
    ["is cut short", (file) => file.slice(0, -20)],
    ["is no XML", () => "NHS number,plan type"],
    ["has another root", (file) => file.replaceAll("File", "Folder")],
    ["has an unknown element", (file) => file.replace("<record>", "<extra/><record>")],
    ["has a fixed code at its root", (file) => file.replace("<File", '<File classCode="COMPOSITION"')],
    ["has a fixed code", (file) => file.replace("<CP-ISRecord>", '<CP-ISRecord classCode="OBS">')],
    [
      "has a header's part after a record",
      (file) => file.replace("</File>", '<creationTime value="20261122"/></File>'),
    ],
  ];
  for (const [what, spoil] of unreadable) {
    it(`that ${what} comes back as report 15, and loads nothing`, async () => {
      const event = await authority.send(spoil(fileOf([recordOf(first)])), undefined, { "mex-LocalID": "999-1" });
      assert.equal(event.fileCode, "CPF01");
      const [report, ...others] = await authority.collect();
      assert.deepEqual(others, []);
      assert.equal(report?.headers["mex-messagetype"], "REPORT");
      assert.equal(report.headers["mex-statuscode"], "15");
      assert.equal(report.headers["mex-linkedmsgid"], event.messageId);
      assert.deepEqual(heldUnder(first), []);
    });
  }

  it("that cannot be read is answered with CPF01 and file id -1 when told so", async () => {
    authority.command({ command: "unreadable-files", answer: "response" });
    await authority.send("<File");
    const [answer] = await authority.collect();
    assert.match(answer?.body.toString("utf8") ?? "", /<id extension="-1"\/><transmissionQuantity value="-1"\/>/);
    const response = parseUploadResponse(answer?.body ?? Buffer.alloc(0));
    assert.equal(response.fileResults[0]?.code, "CPF01");
    assert.equal(response.localAuthority?.code, "999");
    assert.deepEqual([response.successful, response.failed], [0, 0]);
  });

  const envelopes: readonly (readonly [string, (file: string) => string, string])[] = [
    [
      "states another number of records",
      (file) => file.replace('<transmissionQuantity value="1"/>', '<transmissionQuantity value="2"/>'),
      "upload.count-mismatch",
    ],
    [
      "names no emergency duty telephone",
      (file) => file.replace(/<telecom [^>]*use="EC"\/>/, ""),
      "upload.telecom-ec-missing",
    ],
  ];
  for (const [what, spoil, fault] of envelopes) {
    it(`that ${what} is answered with CPF01, and loads nothing`, async () => {
      const event = await authority.send(spoil(fileOf([recordOf(first)], { fileId: "5" })));
      assert.deepEqual([event.fileCode, event.fileId, event.faults], ["CPF01", "5", [fault]]);
      const [answer] = await authority.collect();
      assert.equal(parseUploadResponse(answer?.body ?? Buffer.alloc(0)).fileId, "5");
      assert.deepEqual(heldUnder(first), []);
    });
  }

  it("is taken again under the same number with the same records, and refused with others", async () => {
    await authority.upload([recordOf(first)], { fileId: "9" });
    const again = await authority.upload([recordOf(first)], { fileId: "9" });
    assert.equal(again.fileResults[0]?.code, "CPF02");
    const other = await authority.send(fileOf([recordOf(second)], { fileId: "9" }));
    assert.deepEqual([other.fileCode, other.faults], ["CPF01", ["upload.file-id-reused"]]);
    await authority.collect();
    const elsewhere = { fileId: "9", localAuthority: borough, mailbox: authority.borough };
    assert.equal((await authority.upload([recordOf(second)], elsewhere)).fileResults[0]?.code, "CPF02");
  });

  it("is answered with CPF05 while PDS is out, and can be sent again under its number", async () => {
    authority.command({ command: "pds", outage: true });
    const refused = await authority.upload([recordOf(first)], { fileId: "6" });
    assert.equal(refused.fileResults[0]?.code, "CPF05");
    assert.deepEqual(heldUnder(first), []);
    authority.command({ command: "pds", outage: false });
    const taken = await authority.upload([recordOf(first)], { fileId: "6" });
    assert.equal(taken.fileResults[0]?.code, "CPF02");
  });

  it("is answered with CPF06 while the client's version is not supported", async () => {
    authority.command({ command: "client-version", supported: false });
    assert.equal((await authority.upload([recordOf(first)])).fileResults[0]?.code, "CPF06");
    authority.command({ command: "reset" });
    assert.equal((await authority.upload([recordOf(first)])).fileResults[0]?.code, "CPF02");
  });

  it("suffers the faults of MESH that a command injects, and none after they are cleared", async () => {
    authority.command({ command: "injectMeshFault", fault: { kind: "unavailableBefore" }, times: 5 });
    await assert.rejects(authority.send(fileOf([recordOf(first)])), /503/);
    authority.command({ command: "clearFaults" });
    assert.equal((await authority.send(fileOf([recordOf(first)]))).fileCode, "CPF02");
  });

  it("of some thousand records is taken and answered in full", async () => {
    const numbers: string[] = [];
    for (let number = 9_991_000_000; numbers.length < 2000; number += 1) {
      const digits = String(number);
      if (readNhsNumber(digits) === digits) numbers.push(digits);
    }
    const response = await authority.upload(numbers.map((number) => recordOf(number)));
    assert.deepEqual([response.recordsProcessed, response.successful, response.failed], [2000, 2000, 0]);
    assert.equal(heldUnder(numbers.at(-1) ?? "").length, 1);
  });
});
