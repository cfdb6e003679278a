// What every MESH mailbox promises to those who send and receive files, whichever way they travel.
import assert from "node:assert/strict";
import type { Delivery } from "../../../lib/queue/model.js";
import {
  reportAction,
  unknownAction,
  type MeshEvents,
  type MeshMailbox,
  type ReceivedFile,
  type ReceivedItem,
  type ReceivedReport,
} from "../../../lib/mesh/model.js";
import type { MailboxScope } from "../../../lib/mesh/mailbox-scope.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { stored, until, untilState } from "../../support/mhs/durable-exchange.js";
import {
  exampleScope,
  largeContent,
  outboundFile,
  responseText,
  textOf,
  uploadText,
} from "../../support/mesh/sample-files.js";

/** A file that the other side has got. */
export interface TakenFile {
  readonly localId?: string;
  readonly workflowId: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly content: Buffer;
}

export interface FileToDeliver {
  readonly content: Buffer;
  readonly workflowId: string;
  /** Default: CP-IS's mailbox. */
  readonly from?: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
}

export interface ReportToDeliver {
  readonly statusCode?: string;
  readonly description?: string;
}

/** One mailbox with the other side of it, and a clock that only the test moves. */
export interface MailboxHarness {
  readonly store: MessageStore;
  /** Makes a mailbox of the same channel, as after a restart, that has not started. Knows the root "FileResponse". */
  create(changes?: { readonly scope: MailboxScope }): Promise<MeshMailbox>;
  advance(milliseconds: number): void;
  /** All that the other side has got so far, in order; lets it take what is there for it. */
  taken(): Promise<readonly TakenFile[]>;
  /** Puts a file into the mailbox; gives its message id. */
  deliver(file: FileToDeliver): Promise<string>;
  /** Puts a report about a file of ours that the other side has got into the mailbox. */
  report(localId: string, report: ReportToDeliver): Promise<string>;
  /** The same about a file that no one here has sent. */
  reportOfStranger(): Promise<string>;
  /** How many messages are still for us, with the other side or on the way from it. */
  left(): Promise<number>;
  /** Looks into the mailbox until what was delivered before is received. */
  look(mailbox: MeshMailbox): Promise<void>;
  /** Closes the mailboxes that are left, the store and the other side. */
  close(): Promise<void>;
}

function requireFile(item: ReceivedItem | undefined): ReceivedFile {
  assert.equal(item?.kind, "file");
  return item;
}

function requireReport(item: ReceivedItem | undefined): ReceivedReport {
  assert.equal(item?.kind, "report");
  return item;
}

function follow<Name extends keyof MeshEvents>(mailbox: MeshMailbox, name: Name): MeshEvents[Name][0][] {
  const seen: MeshEvents[Name][0][] = [];
  const note = (...event: unknown[]): void => void seen.push(event[0] as MeshEvents[Name][0]);
  (mailbox.events as NodeJS.EventEmitter).on(name, note);
  return seen;
}

export function describeMailbox(name: string, createHarness: () => Promise<MailboxHarness>): void {
  describe(`${name}, as every mailbox`, () => {
    let harness: MailboxHarness;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.close());

    async function start(changes?: { readonly scope: MailboxScope }): Promise<MeshMailbox> {
      const mailbox = await harness.create(changes);
      await mailbox.start();
      return mailbox;
    }

    function consume(mailbox: MeshMailbox, more: { actions?: readonly string[] } = {}): Delivery<ReceivedItem>[] {
      const deliveries: Delivery<ReceivedItem>[] = [];
      mailbox.consume({
        confirm: "on-handover",
        inOrder: "none",
        ...more,
        deliver: (delivery) => {
          deliveries.push(delivery);
          return Promise.resolve();
        },
      });
      return deliveries;
    }

    async function untilTaken(count: number): Promise<readonly TakenFile[]> {
      let taken: readonly TakenFile[] = [];
      await until(async () => (taken = await harness.taken()).length >= count);
      return taken;
    }

    async function sendAndAccept(mailbox: MeshMailbox, file = outboundFile()): Promise<MessageRowId> {
      const id = await mailbox.send(file);
      await untilTaken(1);
      await untilState(harness.store, id, file.completedBy === "response" ? "awaiting-response" : "completed");
      return id;
    }

    it("hands a file over whole, once, under its names, and then waits for its response", async () => {
      const mailbox = await start();
      const accepted = follow(mailbox, "accepted");
      const file = outboundFile({ fileName: "999-000042.xml", subject: "999-000042" });
      const id = await sendAndAccept(mailbox, file);
      const [taken, ...others] = await harness.taken();
      assert.deepEqual(others, []);
      assert.equal(taken?.localId, file.localId);
      assert.equal(taken.workflowId, "EXAMPLE_UPLOAD");
      assert.equal(taken.subject, "999-000042");
      assert.equal(taken.content.toString(), uploadText);
      await until(() => accepted.length === 1);
      assert.equal(accepted[0]?.localId, file.localId);
      assert.ok((await stored(harness.store, id)).acknowledgedAt !== undefined);
    });

    it("is finished with a file for which no response is awaited once the other side has it", async () => {
      const id = await sendAndAccept(await start(), outboundFile({ completedBy: "acceptance" }));
      assert.equal((await stored(harness.store, id)).state, "completed");
    });

    it("keeps what is sent before it has started, and sends it after a restart", async () => {
      const first = await harness.create();
      const id = await first.send(outboundFile());
      await first.close();
      assert.equal((await stored(harness.store, id)).state, "queued");
      assert.deepEqual(await harness.taken(), []);
      await start();
      await untilTaken(1);
      await untilState(harness.store, id, "awaiting-response");
    });

    it("does not send again after a restart what the other side has", async () => {
      const first = await start();
      await sendAndAccept(first);
      await first.close();
      harness.advance(60_000);
      const second = await start();
      await sendAndAccept(second, outboundFile({ localId: "999-000999-1" }));
      assert.equal((await harness.taken()).length, 2);
    });

    it("sends the files of one order one after another", async () => {
      const mailbox = await start();
      const files = ["a", "b", "c"].map((text) =>
        outboundFile({ orderedBy: "ZT7", completedBy: "acceptance" }, `<File xmlns="urn:hl7-org:v3">${text}</File>`),
      );
      for (const file of files) await mailbox.send(file);
      const taken = await untilTaken(3);
      assert.deepEqual(
        taken.map(({ localId }) => localId),
        files.map(({ localId }) => localId),
      );
    });

    it("takes a local id only once", async () => {
      const mailbox = await start();
      const file = outboundFile();
      await mailbox.send(file);
      await assert.rejects(mailbox.send(file), { code: "STORE_MESSAGE_ID_TAKEN" });
    });

    it("refuses names that are no printable text, and empty files, before anything is stored", async () => {
      const mailbox = await start();
      for (const changes of [
        { subject: "a\r\nmex-To: X" },
        { localId: "" },
        { fileName: "\u0000" },
        { plainBytes: 0 },
      ]) {
        await assert.rejects(mailbox.send(outboundFile(changes)), { code: "CONFIG_INVALID" });
      }
      assert.deepEqual((await harness.store.list({}, 10)).messages, []);
    });

    it("delivers a received file with its root, its names and its bytes, which may be read twice", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox, { actions: ["FileResponse"] });
      const received = follow(mailbox, "received");
      const workflowId = "EXAMPLE_RESPONSE";
      const messageId = await harness.deliver({ content: Buffer.from(responseText), workflowId, localId: "R-42" });
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
      const file = requireFile(deliveries[0]?.message);
      assert.equal(file.messageId, messageId);
      assert.equal(file.root, "FileResponse");
      assert.equal(file.workflowId, workflowId);
      assert.equal(file.localId, "R-42");
      assert.equal(file.from, "ZSPOT001");
      assert.equal(file.plainBytes, Buffer.byteLength(responseText));
      assert.equal(await textOf(file.contents()), responseText);
      assert.equal(await textOf(file.contents()), responseText);
      assert.deepEqual(received, [{ messageId, action: "FileResponse", bytes: file.plainBytes, disposition: "new" }]);
    });

    it("routes what has no known root as unknown, also when it is no XML at all", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox, { actions: [unknownAction] });
      await harness.deliver({ content: Buffer.from("<Other/>"), workflowId: "EXAMPLE_RESPONSE" });
      await harness.deliver({ content: Buffer.from([0, 255, 60]), workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(mailbox);
      await until(() => deliveries.length === 2);
      assert.deepEqual(
        deliveries.map(({ message }) => requireFile(message).root),
        ["unknown", "unknown"],
      );
    });

    it("finds the root inside wrappers, three levels deep", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox, { actions: ["FileResponse"] });
      const content = Buffer.from(`<one><two>${responseText}</two></one>`);
      await harness.deliver({ content, workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
    });

    it("receives a file of several megabytes whole", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox);
      const content = largeContent(4_000_000);
      await harness.deliver({ content, workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
      const file = requireFile(deliveries[0]?.message);
      assert.equal(file.plainBytes, content.length);
      assert.ok((await textOf(file.contents())) === content.toString());
    });

    it("keeps what nobody consumes for a consumer that comes later, also after a restart", async () => {
      const first = await start();
      await harness.deliver({ content: Buffer.from(responseText), workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(first);
      await first.close();
      const second = await harness.create();
      const deliveries = consume(second);
      await second.start();
      await until(() => deliveries.length === 1);
    });

    it("delivers again after a restart what was not confirmed, and not what was", async () => {
      const first = await start();
      const seen: Delivery<ReceivedItem>[] = [];
      first.consume({
        confirm: "by-consumer",
        inOrder: "none",
        deliver: (delivery) => {
          seen.push(delivery);
          return Promise.resolve();
        },
      });
      const one = await harness.deliver({ content: Buffer.from(responseText), workflowId: "EXAMPLE_RESPONSE" });
      const other = await harness.deliver({ content: Buffer.from("<Other/>"), workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(first);
      await until(() => seen.length === 2);
      const confirmed = seen.find(({ message }) => message.messageId === one);
      assert.ok(confirmed);
      assert.deepEqual(await first.confirm(confirmed.id), { kind: "confirmed" });
      await first.close();
      harness.advance(120_000);
      const second = await harness.create();
      const deliveries = consume(second);
      await second.start();
      await until(() => deliveries.length === 1);
      assert.equal(deliveries[0]?.message.messageId, other);
      assert.equal(deliveries[0].delivery, 2);
    });

    it("sets aside what its consumer does not take", async () => {
      const mailbox = await start();
      const setAside = follow(mailbox, "setAside");
      mailbox.consume({
        confirm: "on-handover",
        maximumDeliveries: 1,
        deliver: () => Promise.reject(new Error("no")),
      });
      const messageId = await harness.deliver({ content: Buffer.from(responseText), workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(mailbox);
      await until(() => setAside.length === 1);
      assert.deepEqual(setAside, [{ messageId, code: "MESH_NOT_DELIVERED" }]);
    });

    for (const { statusCode, code } of [
      { statusCode: "14", code: "MESH_UNDELIVERED" },
      { statusCode: "15", code: "MESH_BAD_FILE" },
      { statusCode: "18", code: "MESH_REPORTED" },
    ] as const) {
      it(`fails a file that a report with code ${statusCode} is about, and delivers the report`, async () => {
        const mailbox = await start();
        const deliveries = consume(mailbox, { actions: [reportAction] });
        const undelivered = follow(mailbox, "undelivered");
        const file = outboundFile();
        const id = await sendAndAccept(mailbox, file);
        await harness.report(file.localId, { statusCode, description: "what MESH says" });
        await harness.look(mailbox);
        await until(() => deliveries.length === 1);
        const report = requireReport(deliveries[0]?.message);
        assert.equal(report.file, id);
        assert.equal(report.statusCode, statusCode);
        assert.equal(report.description, "what MESH says");
        const row = await stored(harness.store, id);
        assert.deepEqual([row.state, row.errorCode], ["failed", code]);
        assert.deepEqual(undelivered, [{ localId: file.localId, state: "failed", code }]);
      });
    }

    it("fails a file by a report also when it was finished with it", async () => {
      const mailbox = await start();
      const file = outboundFile({ completedBy: "acceptance" });
      const id = await sendAndAccept(mailbox, file);
      await harness.report(file.localId, { statusCode: "14" });
      await harness.look(mailbox);
      await untilState(harness.store, id, "failed");
    });

    it("leaves what other systems are meant to get where it is, counts it and tells it once", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox);
      const polled = follow(mailbox, "polled");
      const warnings = follow(mailbox, "warning");
      for (const from of ["ZOTHER01", "ZSPOT001"]) {
        await harness.deliver({ content: Buffer.from("<Other/>"), workflowId: "SOMETHING_ELSE", from });
      }
      await harness.deliver({ content: Buffer.from(responseText), workflowId: "EXAMPLE_RESPONSE" });
      await harness.look(mailbox);
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
      assert.equal(await harness.left(), 2);
      assert.equal(polled.at(-1)?.foreign, 2);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ["FOREIGN_MESSAGES_LEFT"],
      );
      assert.equal((await harness.store.list({ direction: "inbound" }, 10)).messages.length, 1);
    });

    it("believes no response but CP-IS's own: another sender's stays where it is, whatever its workflow", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox);
      const warnings = follow(mailbox, "warning");
      const file = outboundFile();
      const id = await sendAndAccept(mailbox, file);
      const content = Buffer.from(responseText);
      const { localId } = file;
      await harness.deliver({ content, localId, workflowId: "ANYTHING", from: "EVIL0001" });
      await harness.deliver({ content, localId, workflowId: "EXAMPLE_RESPONSE", from: "EVIL0001" });
      await harness.deliver({ content, localId, workflowId: "EXAMPLE_UPLOAD", from: "EVIL0001" });
      await harness.look(mailbox);
      await harness.look(mailbox);
      assert.equal(await harness.left(), 3);
      assert.deepEqual(deliveries, []);
      assert.deepEqual((await harness.store.list({ direction: "inbound" }, 10)).messages, []);
      assert.equal((await stored(harness.store, id)).state, "awaiting-response");
      assert.equal(warnings.filter(({ code }) => code === "OTHER_SENDER").length, 1);
    });

    it("takes everything where the mailbox is ours alone, and routes what is not of CP-IS as unknown", async () => {
      const mailbox = await start({ scope: { ...exampleScope, takesAll: true } });
      const trusted = consume(mailbox, { actions: ["FileResponse"] });
      const unknown = consume(mailbox, { actions: [unknownAction] });
      const content = Buffer.from(responseText);
      await harness.deliver({ content, workflowId: "SOMETHING_ELSE" });
      await harness.deliver({ content, workflowId: "EXAMPLE_RESPONSE", from: "EVIL0001" });
      await harness.look(mailbox);
      await until(() => unknown.length === 2);
      assert.equal(await harness.left(), 0);
      assert.deepEqual(trusted, []);
      const items = unknown.map(({ message }) => requireFile(message));
      assert.deepEqual(items.map(({ from, workflowId, root }) => [from, workflowId, root]).sort(), [
        ["EVIL0001", "EXAMPLE_RESPONSE", "unknown"],
        ["ZSPOT001", "SOMETHING_ELSE", "unknown"],
      ]);
    });

    it("takes what CP-IS sends from a further mailbox of its own, in whatever case its name is written", async () => {
      const mailbox = await start({ scope: { ...exampleScope, senders: ["ZSPOT001", "zspot002"] } });
      const deliveries = consume(mailbox, { actions: ["FileResponse"] });
      const content = Buffer.from(responseText);
      await harness.deliver({ content, workflowId: "EXAMPLE_RESPONSE", from: "ZSPOT002", subject: "R-42" });
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
      const file = requireFile(deliveries[0]?.message);
      assert.deepEqual([file.from, file.subject], ["ZSPOT002", "R-42"]);
    });

    it("leaves a report about a file that is none of ours, with a warning", async () => {
      const mailbox = await start();
      const deliveries = consume(mailbox);
      const warnings = follow(mailbox, "warning");
      await harness.reportOfStranger();
      await harness.look(mailbox);
      await harness.look(mailbox);
      assert.deepEqual(deliveries, []);
      assert.equal(await harness.left(), 1);
      assert.equal(warnings.filter(({ code }) => code === "UNMATCHED_REPORT").length, 1);
    });

    it("delivers a report about a file that is none of ours, with a warning, where the mailbox is ours alone", async () => {
      const mailbox = await start({ scope: { ...exampleScope, takesAll: true } });
      const deliveries = consume(mailbox, { actions: [reportAction] });
      const warnings = follow(mailbox, "warning");
      await harness.reportOfStranger();
      await harness.look(mailbox);
      await until(() => deliveries.length === 1);
      assert.equal(requireReport(deliveries[0]?.message).file, undefined);
      assert.ok(warnings.some(({ code }) => code === "UNMATCHED_REPORT"));
    });
  });
}
