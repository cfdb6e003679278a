// The reader of uploads at the simulator, on files that are not as they should be.
import assert from "node:assert/strict";
import fc from "fast-check";
import { readUpload } from "../../../../lib/simulator/cpis/read-upload.js";
import { fileOf, recordOf } from "../../../support/simulator/authority-client.js";

const now = Date.parse("2026-11-22T10:15:00Z");
const file = Buffer.from(fileOf([recordOf("9990000018"), recordOf("9990000026")], { fileId: "3" }));

describe("The reader of uploads", () => {
  it("gives header and records in their order, with no fault where there is none", async () => {
    const upload = await readUpload(file, now);
    assert.equal(upload.kind, "read");
    assert.deepEqual([upload.header.fileId, upload.header.localAuthority.code, upload.faults], ["3", "999", []]);
    assert.deepEqual(
      upload.records.map(({ record, faults }) => [record.subjects[0]?.nhsNumber, faults]),
      [
        ["9990000018", []],
        ["9990000026", []],
      ],
    );
  });

  it("calls a file unreadable wherever it is cut", async () => {
    const check = fc.asyncProperty(fc.nat(file.byteLength - 1), async (length) => {
      assert.equal((await readUpload(file.subarray(0, length), now)).kind, "unreadable");
    });
    await fc.assert(check, { numRuns: 60 });
  });

  it("never fails, whatever one byte is changed to, and never reads more records than there are", async () => {
    const change = fc.record({ at: fc.nat(file.byteLength - 1), byte: fc.nat(255) });
    const check = fc.asyncProperty(change, async ({ at, byte }) => {
      const changed = Buffer.from(file);
      changed[at] = byte;
      const upload = await readUpload(changed, now);
      if (upload.kind === "read") assert.ok(upload.records.length <= 2);
      else assert.ok(upload.faults.length > 0);
    });
    await fc.assert(check, { numRuns: 150 });
  });

  it("takes the day from the calendar in the UK, one hour ahead of UTC in summer", async () => {
    const born = Buffer.from(
      fileOf([recordOf("9990000018", { startDate: "2026-06-01T00:30" }, { birthDate: "2026-06-01" })]),
    );
    const faultsAt = async (time: string): Promise<unknown> => {
      const upload = await readUpload(born, Date.parse(time));
      return upload.kind === "read" ? upload.records[0]?.faults.map(({ code }) => code) : upload.kind;
    };
    assert.deepEqual(await faultsAt("2026-05-31T23:45:00Z"), []);
    assert.deepEqual(await faultsAt("2026-05-31T22:45:00Z"), ["upload.start-in-future", "upload.birth-date-invalid"]);
  });
});
