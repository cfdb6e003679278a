// Which upload a response belongs to, and what is told when that cannot be known. All people are invented.
import assert from "node:assert/strict";
import { encodeUploadFile } from "../../../../lib/cpis/upload/upload-file.js";
import type { UploadRecord, UploadResponse } from "../../../../lib/cpis/upload/upload-model.js";
import { encodeUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import { gunzipPieces, gzipText } from "../../../../lib/gzip.js";
import { createUploadAnswers } from "../../../../lib/services/upload/upload-answers.js";
import { conversationOf, encodeUploadContext } from "../../../../lib/services/upload/upload-context.js";
import type { UploadListener, UploadOutcome, UploadReference } from "../../../../lib/services/upload/upload-model.js";
import type { MessageRowId, OutboundState } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

const county = "998";
const records: readonly UploadRecord[] = [
  {
    plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00" }],
    subjects: [
      { kind: "child", nhsNumber: "9990000018", birthDate: "2016-03-14", givenName: "Test", familyName: "Child" },
    ],
  },
];

function fileOf(fileNumber: number): string {
  const localAuthority = { code: county, name: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "01632960999" };
  return encodeUploadFile({
    fileId: fileNumber.toString(),
    createdAt: "20260302060000+0000",
    localAuthority,
    records,
  });
}

function wholeFile(fileCode: string, fileId?: string, localAuthority = county): UploadResponse {
  return {
    ...(fileId === undefined ? {} : { fileId }),
    fileResults: [{ code: fileCode }],
    localAuthority: { code: localAuthority, name: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "01632960999" },
    successful: 0,
    failed: 0,
    unlinkedResults: [],
    warnings: [],
    records: [],
  };
}

describe("A response to an upload", () => {
  let store: MessageStore;
  let remove: () => Promise<void>;
  let told: { readonly outcome: UploadOutcome; readonly upload: UploadReference; readonly askedFor?: string }[];

  beforeEach(async () => {
    const place = await createSqlitePlace();
    store = await place.open();
    remove = () => place.remove();
    told = [];
  });

  afterEach(async () => {
    await store.close();
    await remove();
  });

  function upload(fileNumber: number, state: OutboundState, content = gzipText(fileOf(fileNumber))) {
    return acceptOne(
      store,
      outbound({
        channel: "authority",
        conversationId: conversationOf(county, fileNumber),
        state,
        content,
        context: encodeUploadContext({ kept: { case: fileNumber }, leftOut: [] }),
        attributes: { uploadOwner: "flow", fileNumber, localAuthority: county },
      }),
    );
  }

  async function take(response: UploadResponse, refersTo?: MessageRowId): Promise<void> {
    const listener = (askedFor?: string): UploadListener => ({
      refused: () => Promise.resolve(),
      answered: (outcome, reference) =>
        Promise.resolve(
          void told.push({ outcome, upload: reference, ...(askedFor === undefined ? {} : { askedFor }) }),
        ),
      undelivered: () => Promise.resolve(),
      stray: () => undefined,
      sending: () => undefined,
      overdue: () => undefined,
    });
    const answers = createUploadAnswers({
      exchange: {
        async readUpload(row) {
          const reading = await store.readContent(row.id);
          return gunzipPieces(reading.kind === "content" ? reading.bytes : Buffer.alloc(0));
        },
      },
      store,
      channel: "authority",
      effects: { now: () => 5000 },
      listenerOf: (_upload, localAuthority) => listener(localAuthority),
    });
    await answers.take({
      kind: "upload-response",
      messageId: "response",
      contents: () => gunzipPieces(gzipText(encodeUploadResponse(response))),
      ...(refersTo === undefined ? {} : { refersTo }),
    });
  }

  async function stateOf(id: MessageRowId) {
    return (await store.findById(id))?.state;
  }

  it("that names no file is not taken for a file that has not left yet", async () => {
    const id = await upload(5, "queued");
    await take(wholeFile("CPF01"));
    assert.deepEqual([told[0]?.upload.fileNumber, await stateOf(id)], [undefined, "queued"]);
  });

  it("that names no file belongs to the only one that CP-IS may have", async () => {
    const id = await upload(5, "awaiting-response");
    await upload(6, "queued");
    await take(wholeFile("CPF01"));
    assert.deepEqual([told[0]?.upload.fileNumber, await stateOf(id)], [5, "failed"]);
  });

  it("belongs to the file that it names, though the transport names another", async () => {
    const wrong = await upload(5, "awaiting-response");
    const right = await upload(6, "awaiting-response");
    await take(wholeFile("CPF02", "6"), wrong);
    assert.deepEqual([told[0]?.upload.fileNumber, told[0]?.outcome.accepted], [6, 1]);
    assert.deepEqual([await stateOf(wrong), await stateOf(right)], ["awaiting-response", "completed"]);
  });

  it("of another local authority loads no record of the file that the transport names", async () => {
    const id = await upload(5, "awaiting-response");
    await take(wholeFile("CPF02", "5", "997"), id);
    assert.deepEqual([told[0]?.upload.fileNumber, told[0]?.askedFor], [undefined, "997"]);
    assert.equal(await stateOf(id), "awaiting-response");
  });

  it("to a file that is damaged in the store is told all the same, with a warning", async () => {
    await upload(5, "awaiting-response", Buffer.from("no file"));
    await take(wholeFile("CPF03", "5"));
    assert.deepEqual([told[0]?.upload.kept, told[0]?.outcome.outcome], [{ case: 5 }, "refused"]);
    assert.ok(told[0]?.outcome.warnings.some(({ code }) => code === "records-not-kept"));
  });

  it("to an unknown file is told with a warning", async () => {
    await take(wholeFile("CPF03", "77"));
    assert.ok(told[0]?.outcome.warnings.some(({ code }) => code === "file-not-known"));
  });
});
