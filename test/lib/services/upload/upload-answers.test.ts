// Which upload a response belongs to, and what is told when that cannot be known. All people are invented.
import assert from "node:assert/strict";
import { encodeUploadFile } from "../../../../lib/cpis/upload/upload-file.js";
import type { UploadRecord, UploadRecordResult, UploadResponse } from "../../../../lib/cpis/upload/upload-model.js";
import { encodeUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import { gunzipPieces, gzipText } from "../../../../lib/gzip.js";
import { createSentRecordTable } from "../../../../lib/services/upload/sent-record-index.js";
import { createUploadAnswers } from "../../../../lib/services/upload/upload-answers.js";
import {
  earlierConversationOf,
  encodeUploadContext,
  foundByOf,
} from "../../../../lib/services/upload/upload-context.js";
import type {
  RefusedRecord,
  UploadListener,
  UploadOutcome,
  UploadReference,
} from "../../../../lib/services/upload/upload-model.js";
import type { IncomingFile } from "../../../../lib/services/exchange/file-exchange.js";
import { UnwantedMessage } from "../../../../lib/queue/model.js";
import type { MessageRowId, NewOutboundMessage, OutboundState } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

const county = "998";
const cpis = "CPISHC001";
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
    createdAt: { raw: "20260302073000+0000", iso: "2026-03-02T07:30:00Z", zone: "explicit" },
    ...(fileCode === "CPF02" ? { recordsProcessed: 1, successful: 1 } : { successful: 0 }),
    failed: 0,
    unlinkedResults: [],
    warnings: [],
    records: [],
  };
}

describe("A response to an upload", () => {
  let store: MessageStore;
  let place: StorePlace;
  let refuses: boolean;
  let refused: RefusedRecord[];
  let messages: number;
  let readings: number;
  let told: { readonly outcome: UploadOutcome; readonly upload: UploadReference; readonly askedFor?: string }[];

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
    refuses = false;
    told = [];
    refused = [];
    messages = 0;
    readings = 0;
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  function upload(fileNumber: number, state: OutboundState, change: Partial<NewOutboundMessage> = {}) {
    return acceptOne(
      store,
      outbound({
        channel: "authority",
        subject: foundByOf(county, fileNumber),
        toParty: cpis,
        state,
        content: gzipText(fileOf(fileNumber)),
        context: encodeUploadContext({ kept: { case: fileNumber }, leftOut: [] }),
        attributes: { uploadOwner: "flow", fileNumber, localAuthority: county, recordsSent: 1, recordsNotSent: 0 },
        ...change,
      }),
    );
  }

  async function take(response: UploadResponse, change: Partial<IncomingFile> = {}): Promise<void> {
    const listener = (askedFor?: string): UploadListener => ({
      refused: (record) => Promise.resolve(void refused.push(record)),
      answered(outcome, reference) {
        if (refuses) return Promise.reject(new TypeError("a function of the flow"));
        told.push({ outcome, upload: reference, ...(askedFor === undefined ? {} : { askedFor }) });
        return Promise.resolve();
      },
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
    messages += 1;
    await answers.take({
      kind: "upload-response",
      messageId: `response ${messages}`,
      from: cpis,
      contents() {
        readings += 1;
        return gunzipPieces(gzipText(encodeUploadResponse(response)));
      },
      ...change,
    });
  }

  /** It was set aside, nobody was told, and the file waits as before. */
  async function isSetAside(response: UploadResponse, change: Partial<IncomingFile>, why: RegExp): Promise<void> {
    await assert.rejects(take(response, change), (error: unknown) => {
      assert.ok(error instanceof UnwantedMessage);
      assert.equal(error.code, "CPIS_UPLOAD_NOT_OURS");
      assert.match(error.detail ?? "", why);
      return true;
    });
    assert.deepEqual([told, refused], [[], []]);
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

  it("that names no file and fits several that wait is set aside, and given to none of them", async () => {
    const ids = [await upload(5, "awaiting-response"), await upload(6, "awaiting-response")];
    await isSetAside(wholeFile("CPF01"), {}, /several files/);
    assert.deepEqual(await Promise.all(ids.map(stateOf)), ["awaiting-response", "awaiting-response"]);
  });

  it("that names one file, and answers another by the transport's word, counts for neither", async () => {
    const wrong = await upload(5, "awaiting-response");
    const right = await upload(6, "awaiting-response");
    await isSetAside(wholeFile("CPF02", "6"), { refersTo: wrong }, /names another/);
    assert.deepEqual([await stateOf(wrong), await stateOf(right)], ["awaiting-response", "awaiting-response"]);
  });

  it("of another local authority loads no record of the file that the transport names", async () => {
    const id = await upload(5, "awaiting-response");
    await isSetAside(wholeFile("CPF02", "5", "997"), { refersTo: id }, /names another/);
    assert.equal(await stateOf(id), "awaiting-response");
  });

  it("of another local authority goes to its listener, as one to an unknown file", async () => {
    await upload(5, "awaiting-response");
    await take(wholeFile("CPF02", "5", "997"));
    const [first] = told;
    assert.deepEqual(
      [first?.upload.fileNumber, first?.askedFor, first?.outcome.outcome],
      [undefined, "997", "unknown-file"],
    );
  });

  it("counts only from whom the file was sent to, in the agreed way", async () => {
    const id = await upload(5, "awaiting-response");
    const answer = wholeFile("CPF02", "5");
    await isSetAside(answer, { from: "EVIL0001" }, /another than the file was sent to/);
    await isSetAside(answer, { from: "EVIL0001", refersTo: id }, /another than the file was sent to/);
    await isSetAside(answer, { isUnexpected: true }, /in another way/);
    await assert.rejects(take(answer, { from: "" }), { code: "CPIS_UPLOAD_NOT_OURS" });
    assert.equal(await stateOf(id), "awaiting-response");
    await take(answer, { from: cpis.toLowerCase() });
    assert.deepEqual([told[0]?.outcome.outcome, told[0]?.upload.from], ["accepted", cpis.toLowerCase()]);
  });

  it("never counts for a file that has not left, whatever has kept it", async () => {
    const queued = await upload(5, "queued");
    await isSetAside(wholeFile("CPF02", "5"), {}, /has not left/);
    await isSetAside(wholeFile("CPF02", "5"), { refersTo: queued }, /has not left/);
    assert.equal(await stateOf(queued), "queued");
    for (const [fileNumber, state] of [
      [6, "held"],
      [7, "failed"],
      [8, "expired"],
    ] as const) {
      const id = await upload(fileNumber, state);
      await isSetAside(wholeFile("CPF02", String(fileNumber)), {}, /has not left/);
      assert.equal(await stateOf(id), state);
    }
  });

  it("that was made, or came, before its file is set aside", async () => {
    const madeAt = Date.parse("2026-03-02T07:30:00Z");
    const hour = 3_600_000;
    const earlier = await acceptNew(store, inbound({ channel: "authority" }));
    await upload(5, "awaiting-response", { acceptedAt: madeAt + hour + 1 });
    await isSetAside(wholeFile("CPF02", "5"), {}, /older/);
    await upload(6, "awaiting-response", { acceptedAt: madeAt + hour });
    await isSetAside(wholeFile("CPF02", "6"), { id: earlier }, /older/);
    await take(wholeFile("CPF02", "6"));
    assert.equal(told[0]?.outcome.outcome, "accepted");
  });

  it("that answers another message never matches, though it names the number of a file", async () => {
    const query = await acceptOne(store, outbound({ channel: "authority", state: "awaiting-response" }));
    const id = await upload(1, "awaiting-response");
    await isSetAside(wholeFile("CPF02", "1"), { refersTo: query }, /another message/);
    await take(wholeFile("CPF02", "1"), { refersTo: "unknown" });
    assert.deepEqual([told[0]?.outcome.outcome, told[0]?.upload.fileNumber], ["unknown-file", undefined]);
    assert.equal(await stateOf(id), "awaiting-response");
  });

  it("is found though a thousand messages were planted in the file's conversation", async () => {
    const conversationId = earlierConversationOf(county, 5);
    const planted = Array.from({ length: 1000 }, () => inbound({ channel: "authority", conversationId }));
    for (const message of planted) await acceptNew(store, message);
    const id = await upload(5, "awaiting-response", { conversationId });
    await take(wholeFile("CPF02", "5"));
    assert.deepEqual([told[0]?.outcome.outcome, await stateOf(id)], ["accepted", "completed"]);
  });

  it("to a file of an earlier version is found by its conversation", async () => {
    const row = outbound({ channel: "authority", conversationId: earlierConversationOf(county, 5), toParty: cpis });
    const attributes = { uploadOwner: "flow", fileNumber: 5, localAuthority: county };
    const context = encodeUploadContext({ leftOut: [] });
    const content = gzipText(fileOf(5));
    const id = await acceptOne(store, { ...row, state: "awaiting-response", attributes, context, content });
    await take(wholeFile("CPF02", "5"));
    assert.deepEqual([told[0]?.outcome.outcome, await stateOf(id)], ["accepted", "completed"]);
  });

  it("is of the last sending of its file, and old or new by the first", async () => {
    const first = await upload(5, "failed", { conversationId: "SENT-AGAIN" });
    const attributes = {
      uploadOwner: "flow",
      fileNumber: 5,
      localAuthority: county,
      recordsSent: 1,
      recordsNotSent: 0,
    };
    const again = await acceptOne(
      store,
      outbound({
        ...{ channel: "authority", conversationId: "SENT-AGAIN", toParty: cpis, attributes, originalId: first },
        ...{ state: "awaiting-response", acceptedAt: Date.parse("2026-03-03T07:30:00Z") },
        context: encodeUploadContext({ kept: { case: 5 }, leftOut: [] }),
        content: gzipText(fileOf(5)),
      }),
    );
    await take(wholeFile("CPF02", "5"), { refersTo: first });
    assert.deepEqual(
      [told[0]?.outcome.outcome, await stateOf(first), await stateOf(again)],
      ["accepted", "failed", "completed"],
    );
  });

  it("that comes twice is told twice, with a word that it is the same", async () => {
    const id = await upload(5, "awaiting-response");
    await take(wholeFile("CPF02", "5"));
    await take(wholeFile("CPF02", "5"));
    assert.deepEqual(
      told.map(({ outcome }) => [outcome.outcome, outcome.warnings.map(({ code }) => code)]),
      [
        ["accepted", []],
        ["accepted", ["response-repeated"]],
      ],
    );
    assert.equal(await stateOf(id), "completed");
  });

  for (const [first, second] of [
    ["CPF02", "CPF06"],
    ["CPF06", "CPF02"],
    ["CPF02", "CPF04"],
    ["CPF01", "CPF02"],
  ] as const) {
    it(`with ${second} after one with ${first} contradicts it: no record counts as loaded, and it needs a person`, async () => {
      const id = await upload(5, "awaiting-response");
      await take(wholeFile(first, "5"));
      await take(wholeFile(second, "5"));
      const last = told.at(-1)?.outcome;
      assert.deepEqual([last?.outcome, last?.accepted, last?.refused], ["unclear", 0, 1]);
      assert.equal(last?.warnings[0]?.code, "response-contradicts-earlier");
      assert.deepEqual(
        refused.filter(({ index }) => index === 0).map(({ reasons }) => reasons[0]?.code),
        ["response-unclear"],
      );
      const row = await store.findById(id);
      assert.deepEqual([row?.state, row?.errorCode], ["failed", "CPIS_UPLOAD_UNCLEAR"]);
      // The first one once more, and what it says is doubted as before.
      await take(wholeFile(first, "5"));
      assert.equal(told.at(-1)?.outcome.outcome, "unclear");
      assert.equal(await stateOf(id), "failed");
    });
  }

  it("that is given again after a crash is no second one", async () => {
    const id = await upload(5, "awaiting-response");
    await take(wholeFile("CPF02", "5"), { messageId: "the same" });
    await take(wholeFile("CPF02", "5"), { messageId: "the same" });
    assert.deepEqual(
      told.map(({ outcome }) => [outcome.outcome, outcome.warnings]),
      [
        ["accepted", []],
        ["accepted", []],
      ],
    );
    assert.equal(await stateOf(id), "completed");
  });

  it("that the flow did not take is given whole again, though content goes when a file is finished", async () => {
    await store.close();
    store = await place.open({ mode: "metadata-only" });
    const id = await upload(5, "awaiting-response");
    refuses = true;
    await assert.rejects(take(wholeFile("CPF02", "5"), { messageId: "the same" }), TypeError);
    assert.equal(await stateOf(id), "awaiting-response");
    refuses = false;
    await take(wholeFile("CPF02", "5"), { messageId: "the same" });
    const [first] = told;
    assert.deepEqual([first?.outcome.outcome, first?.upload.kept], ["accepted", { case: 5 }]);
    assert.deepEqual(first?.outcome.warnings, []);
    assert.equal(await stateOf(id), "completed");
  });

  it("decides, though the transport had given the file up", async () => {
    const id = await upload(5, "awaiting-response");
    const changes = { attempts: 1, errorCode: "MESH_NOT_DELIVERED" };
    await store.transition({ id, from: ["awaiting-response"], to: "failed", at: 1, changes });
    await take(wholeFile("CPF02", "5"));
    const row = await store.findById(id);
    assert.deepEqual([told[0]?.outcome.outcome, row?.state, row?.errorCode], ["accepted", "completed", undefined]);
  });

  it("is read once, also when records are refused, and the sent file not at all", async () => {
    const table = createSentRecordTable();
    for (const record of records) table.add(record);
    const context = encodeUploadContext({ leftOut: [], sent: table.table() });
    await upload(5, "awaiting-response", { context, content: Buffer.from("no file") });
    const refusal: UploadRecordResult = {
      index: 0,
      accepted: false,
      results: [{ code: "CPR01", details: [], location: "/FileResponse/message[1]" }],
      subjects: records[0]?.subjects ?? [],
      plans: records[0]?.plans ?? [],
    };
    await take({ ...wholeFile("CPF04", "5"), failed: 1, recordsProcessed: 1, records: [refusal] });
    assert.deepEqual([told[0]?.outcome.outcome, refused.map(({ index }) => index), readings], ["refused", [0], 1]);
  });

  it("is read twice when what it says of itself stands behind its records", async () => {
    const id = await upload(5, "awaiting-response");
    const answer = wholeFile("CPF02", "5");
    const one: UploadRecordResult = {
      ...{ index: 0, accepted: true, results: [], plans: [], subjects: records[0]?.subjects ?? [] },
    };
    const text = encodeUploadResponse({ ...answer, records: [one] });
    const named = /<id extension="5"\/>/.exec(text)?.[0] ?? "";
    const moved = text.replace(named, "").replace("</FileResponse>", `${named}</FileResponse>`);
    await take(answer, {
      async *contents() {
        readings += 1;
        const cut = moved.indexOf(named);
        yield await Promise.resolve(Buffer.from(moved.slice(0, cut)));
        yield Buffer.from(moved.slice(cut));
      },
    });
    assert.deepEqual([told[0]?.outcome.outcome, readings, await stateOf(id)], ["accepted", 2, "completed"]);
  });

  it("to a file that is damaged in the store is told all the same, with a warning", async () => {
    await upload(5, "awaiting-response", { content: Buffer.from("no file") });
    await take(wholeFile("CPF03", "5"));
    assert.deepEqual([told[0]?.upload.kept, told[0]?.outcome.outcome], [{ case: 5 }, "unclear"]);
    assert.ok(told[0]?.outcome.warnings.some(({ code }) => code === "records-not-kept"));
  });

  it("is kept with the file as its outcome", async () => {
    const waiting = await upload(5, "awaiting-response");
    await take(wholeFile("CPF03", "5"));
    const refused = await upload(6, "awaiting-response");
    await take(wholeFile("CPF01", "6"));
    const rows = await Promise.all([waiting, refused].map((id) => store.findById(id)));
    assert.deepEqual(
      rows.map((row) => [row?.state, row?.outcome, row?.outcomeCode]),
      [
        ["completed", "refused", undefined],
        ["failed", "file-refused", "CPIS_UPLOAD_REFUSED"],
      ],
    );
  });

  it("to an unknown file is told with a warning, and is no success", async () => {
    await take(wholeFile("CPF02", "77"));
    const [first] = told;
    assert.equal(first?.outcome.outcome, "unknown-file");
    assert.ok(first.outcome.warnings.some(({ code }) => code === "file-not-known"));
  });
});
