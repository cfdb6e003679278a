// Tests of the control file that the NHS's MESH client reads and writes.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import {
  encodeControlFile,
  findMissingElement,
  isReport,
  parseControlFile,
  statusOf,
  type ControlFile,
} from "../../../../lib/mesh/folders/control-file.js";

const folder = path.join(__dirname, "../../../vectors/mesh");
const vector = (name: string): Buffer => fs.readFileSync(path.join(folder, `${name}.ctl.xml`));

const upload: ControlFile = {
  version: "1.0",
  addressType: "DTS",
  messageType: "Data",
  workflowId: "EXAMPLE_UPLOAD",
  to: "ZSPOT001",
  from: "ZT7OT001",
  localId: "999-000042-1",
  compress: true,
  allowChunking: true,
  encrypted: false,
  statusRecords: [],
};

const taken: ControlFile = {
  ...upload,
  addressType: "ALL",
  subject: 'Team <North> & "South"',
  dtsId: "20261122101501123456_A1B2C3",
  partnerId: "partner-1",
  processId: "process-1",
  dataChecksum: "9d7c2f0e",
  compress: false,
  isCompressed: true,
  statusRecords: [{ dateTime: "20261122101502", event: "SEND", status: "SUCCESS", code: "00", description: "Sent" }],
};

const text = fc
  .string({
    unit: fc.constantFrom("a", "Z", "0", "-", " ", "<", ">", "&", '"', "'", "é", "€", "😀"),
    minLength: 1,
    maxLength: 30,
  })
  .map((value) => `x${value}`.trim());
const statuses = fc.record(
  { dateTime: text, event: text, status: text, code: text, description: text },
  { requiredKeys: [], noNullPrototype: true },
);
const controls = fc.record(
  {
    version: text,
    addressType: fc.constantFrom("DTS", "ALL"),
    messageType: fc.constantFrom("Data", "Report"),
    workflowId: text,
    to: text,
    from: text,
    subject: text,
    localId: text,
    dtsId: text,
    compress: fc.boolean(),
    encrypted: fc.boolean(),
    isCompressed: fc.boolean(),
    statusRecords: fc.array(statuses, { maxLength: 3 }),
  },
  { requiredKeys: ["statusRecords"], noNullPrototype: true },
);

function assertInvalid(bytes: Buffer): void {
  assert.throws(
    () => parseControlFile(bytes),
    (error) => isCpisError(error) && error.code === "MESH_CONTROL_FILE_INVALID",
  );
}

describe("a control file of the MESH client", () => {
  it("of an upload is written as the client takes it, to the byte", () => {
    assert.equal(encodeControlFile(upload).toString(), vector("upload").toString());
    assert.deepEqual(parseControlFile(vector("upload")), upload);
  });

  it("keeps every element that the client is known to write, values escaped", () => {
    assert.deepEqual(parseControlFile(vector("upload-taken")), taken);
    assert.deepEqual(parseControlFile(encodeControlFile(taken)), taken);
  });

  it("is read with its elements in any order, and with unknown ones", () => {
    assert.deepEqual(parseControlFile(vector("response-in-another-order")), {
      version: "1.0",
      addressType: "DTS",
      messageType: "Data",
      workflowId: "EXAMPLE_RESPONSE",
      to: "ZT7OT001",
      from: "ZSPOT001",
      localId: "R-000042",
      dtsId: "20261122104005987654_D4E5F6",
      isCompressed: false,
      statusRecords: [
        {
          dateTime: "20261122104005",
          event: "TRANSFER",
          status: "SUCCESS",
          code: "00",
          description: "Transferred to recipient mailbox",
        },
      ],
    });
  });

  it("that reports an error is a failure, also beside a success", () => {
    const control = parseControlFile(vector("report-of-undelivered-upload"));
    assert.equal(isReport(control), true);
    const status = statusOf(control);
    assert.equal(status?.isError, true);
    assert.equal(status.code, "14");
    assert.equal(statusOf(taken)?.isError, false);
    assert.equal(statusOf(upload), undefined);
  });

  it("without an element that the client demands is told so", () => {
    assert.equal(findMissingElement(parseControlFile(vector("incomplete-without-version"))), "Version");
    assert.equal(findMissingElement({ version: "1.0", statusRecords: [] }), "AddressType");
    assert.equal(findMissingElement({ version: "1.0", addressType: "DTS", statusRecords: [] }), "MessageType");
    assert.equal(findMissingElement(upload), undefined);
  });

  it("that is cut off, of another kind, or that contradicts itself is refused", () => {
    assertInvalid(vector("invalid-cut-off"));
    assertInvalid(vector("invalid-other-root"));
    assertInvalid(vector("invalid-two-local-ids"));
    assertInvalid(Buffer.alloc(0));
    assertInvalid(Buffer.alloc(70_000, " "));
  });

  it("reads back as it was written", () => {
    fc.assert(
      fc.property(controls, (control) => assert.deepEqual(parseControlFile(encodeControlFile(control)), control)),
      { numRuns: 200 },
    );
  });

  it("of any bytes gives a value or a coded error", () => {
    const whole = vector("upload-taken");
    const damaged = fc
      .tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(whole.length))
      .map(([at, byte, end]) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        return bytes.subarray(0, end);
      });
    const any = fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(any, (bytes) => {
        try {
          parseControlFile(bytes);
        } catch (error) {
          if (!isCpisError(error)) throw error;
          assert.equal(error.code, "MESH_CONTROL_FILE_INVALID");
        }
      }),
      { numRuns: 300 },
    );
  });
});
