// The content of stored messages as people read it: every kind of message, and never more than a page holds.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createMessageLog } from "../../../../lib/services/message-log/message-log.js";
import type { LogContent } from "../../../../lib/services/message-log/message-log-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { encodeInbound, inboundMessage } from "../../../support/mhs/peer.js";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

describe("The content of a message", () => {
  let place: StorePlace;
  let store: MessageStore;

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  function look(id: number, maximumCharacters = 10_000): Promise<LogContent> {
    return createMessageLog({ store, now: () => 0, maximumCharacters }).content(id);
  }

  async function parts(id: number, maximum?: number) {
    const content = await look(id, maximum);
    assert.ok(content.kind === "content");
    return content.parts;
  }

  it("is header and HL7 of an ebXML message, each element on its line", async () => {
    const { body, contentType } = encodeInbound({ payload: "<A xmlns='urn:hl7-org:v3'><b>Zoë</b><c/></A>" });
    const id = await acceptNew(store, inbound({ content: body, attributes: { contentType } }));
    const [header, message, ...more] = await parts(id);
    assert.deepEqual([header?.title, message?.title, more], ["ebXML header", "HL7 message", []]);
    assert.match(header?.text ?? "", /\n {2}<soap:Header>\n/);
    assert.match(message?.text ?? "", /<A xmlns='urn:hl7-org:v3'>\n {2}<b>Zoë<\/b>\n {2}<c\/>\n<\/A>$/);
    assert.deepEqual([header?.mediaType, message?.mediaType, message?.isCut], ["text/xml", "application/xml", false]);
  });

  it("names attachments, and shows no bytes that are not text", async () => {
    const image = { contentId: "image", contentType: "image/png", content: Buffer.from([0x89, 0x50, 0, 0xff]) };
    const note = { contentId: "note", contentType: "text/plain", content: Buffer.from("a note") };
    const { body, contentType } = encodeBusinessMessage({ ...inboundMessage(), attachments: [image, note] });
    const id = await acceptNew(store, inbound({ content: body, attributes: { contentType } }));
    assert.deepEqual(
      (await parts(id)).slice(2).map(({ title, mediaType, text }) => [title, mediaType, text]),
      [
        ["attachment 1", "image/png", "(4 bytes that are not text)"],
        ["attachment 2", "text/plain", "a note"],
      ],
    );
  });

  it("is the envelope of a synchronous exchange", async () => {
    const content = Buffer.from("<s:Envelope xmlns:s='urn:s'><s:Body><q/></s:Body></s:Envelope>");
    const id = await acceptOne(store, outbound({ content, attributes: { contentType: "text/xml; charset=utf-8" } }));
    const [part, ...more] = await parts(id);
    assert.deepEqual([part?.title, more], ["SOAP message", []]);
    assert.match(part?.text ?? "", /\n {2}<s:Body>\n {4}<q\/>/);
  });

  it("is the start of a large file, expanded no further than is shown", async () => {
    const plain = `<File>${"<record>é</record>".repeat(500_000)}</File>`;
    const content = gzipSync(plain);
    const id = await acceptOne(store, outbound({ content, attributes: { contentType: "application/xml" } }));
    const [part] = await parts(id, 5_001);
    assert.deepEqual([part?.title, part?.mediaType, part?.isCut], ["file", "application/xml", true]);
    assert.ok(part!.text.length <= 5_001 && part!.text.length > 4_000);
    assert.match(part!.text, /^<File>\n {2}<record>é<\/record>\n/);
    const small = await acceptOne(store, outbound({ content: gzipSync("<File/>") }));
    assert.deepEqual(await parts(small), [
      { title: "file", mediaType: "application/xml", text: "<File/>", isCut: false },
    ]);
  });

  it("is shown as it is when it cannot be taken apart or expanded", async () => {
    const contentType = "multipart/related; boundary=b";
    const broken = await acceptNew(store, inbound({ content: Buffer.from("no parts"), attributes: { contentType } }));
    assert.deepEqual(
      (await parts(broken)).map(({ title, text }) => [title, text]),
      [["message as it came", "no parts"]],
    );
    const damaged = await acceptOne(store, outbound({ content: Buffer.from([0x1f, 0x8b, 0, 1]) }));
    assert.match((await parts(damaged))[0]?.text ?? "", /4 bytes that are not text/);
  });

  it("is what MESH said, of a report", async () => {
    const report = { content: Buffer.alloc(0), attributes: { kind: "report", messageId: "M" } };
    const context = Buffer.from(JSON.stringify({ description: "not collected" }));
    const id = await acceptNew(store, inbound({ ...report, context }));
    assert.deepEqual(
      (await parts(id)).map(({ title, text }) => [title, text]),
      [["MESH report", '{"description":"not collected"}']],
    );
  });

  it("is gone where the store keeps metadata only, and said to be", async () => {
    await store.close();
    store = await place.open({ mode: "metadata-only" });
    const id = await acceptOne(store, outbound({ state: "failed" }));
    assert.equal((await look(id)).kind, "gone");
    assert.deepEqual(await look(987_654), { kind: "unknown" });
    assert.deepEqual(await look(-1.5), { kind: "unknown" });
  });
});
