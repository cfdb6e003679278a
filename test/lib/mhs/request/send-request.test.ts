import assert from "node:assert/strict";
import { once } from "node:events";
import { parseMessageId } from "../../../../lib/identifiers.js";
import { createMessageHandlingService } from "../../../../lib/mhs/message-handling-service.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";
import { answered, silent, useExchanges } from "../../../support/mhs/exchange.js";
import { answerTo, newId, ownParty, testCertificates } from "../../../support/mhs/peer.js";

describe("a request that cannot be made", () => {
  const exchanges = useExchanges();
  const { open, openRequest } = exchanges;

  it("refuses a contract of forward reliable, without sending", async () => {
    await open(silent);
    const { contract } = exchanges.current().request();
    const changed = { ...contract, syncReplyMode: "None", ackRequested: "always", duplicateElimination: "always" };
    const outcome = await exchanges.current().mhs.request(exchanges.current().request({ contract: changed }));
    assert.equal(outcome.kind === "not-sent" && outcome.error.code, "CONFIG_CONTRACT");
    assert.equal(exchanges.current().peer.connectionsMade(), 0);
  });

  it("refuses an endpoint that is not https", async () => {
    await open(silent);
    for (const endpointUrl of ["http://127.0.0.1/", "nonsense", ""]) {
      const { contract } = exchanges.current().request();
      const outcome = await exchanges
        .current()
        .mhs.request(exchanges.current().request({ contract: { ...contract, endpointUrl } }));
      assert.equal(outcome.kind === "not-sent" && outcome.error.code, "CONFIG_INVALID");
    }
  });

  it("refuses a message id that was used before, in whatever case", async () => {
    const { outcome, message, request } = await openRequest();
    const messageId = parseMessageId(request.messageId.toLowerCase());
    const second = await exchanges.current().mhs.request({ ...request, messageId });
    assert.equal(second.kind === "not-sent" && second.error.code, "STORE_MESSAGE_ID_TAKEN");
    await exchanges.current().post({ message: answerTo(message) });
    answered(await outcome);
    assert.equal(exchanges.current().peer.requests.length, 1);
  });

  it("refuses a payload that is too large", async () => {
    await open(silent);
    const outcome = await exchanges
      .current()
      .mhs.request(exchanges.current().request({ payload: Buffer.alloc(6_000_000, "x") }));
    assert.equal(outcome.kind === "not-sent" && outcome.error.code, "EBXML_TOO_LARGE");
  });

  it("refuses requests before the start and after the close", async () => {
    const { good } = await testCertificates();
    const effects = { now: () => Date.now(), newUuid: () => newId() };
    const store = await createMemoryStore();
    const mhs = createMessageHandlingService({
      ownParty: { partyKey: ownParty },
      clientTls: good,
      store,
      effects,
    });
    await open(silent);
    const early = await mhs.request(exchanges.current().request());
    assert.equal(early.kind === "not-sent" && early.error.code, "CONFIG_CLOSED");
    assert.deepEqual(await mhs.start(), { port: 0 });
    await mhs.close();
    const late = await mhs.request(exchanges.current().request());
    assert.equal(late.kind === "not-sent" && late.error.code, "CONFIG_CLOSED");
    await assert.rejects(mhs.start(), { code: "CONFIG_CLOSED" });
    await store.close();
  });

  it("says that a port is in use", async () => {
    await open(silent);
    const { good: tls } = await testCertificates();
    const listener = { host: "127.0.0.1", port: exchanges.current().port, path: "/", tls, clientNames: "any" as const };
    await assert.rejects(open(silent, { listener }), { code: "CONFIG_PORT_IN_USE" });
  });

  it("says that an address cannot be listened on", async () => {
    const { good: tls } = await testCertificates();
    const listener = { host: "192.0.2.1", port: 0, path: "/", tls, clientNames: "any" as const };
    await assert.rejects(open(silent, { listener }), { code: "CONFIG_LISTEN" });
  });

  it("refuses TLS material that cannot be used or that trusts nobody", async () => {
    const { good, foreign } = await testCertificates();
    await assert.rejects(open(silent, { clientTls: { ...good, key: "no key" } }), { code: "CONFIG_INVALID" });
    await assert.rejects(open(silent, { clientTls: { ...good, key: foreign.key ?? "" } }), {
      code: "CONFIG_INVALID",
    });
    await assert.rejects(open(silent, { clientTls: { ...good, ca: [] } }), { code: "CONFIG_MISSING" });
    await assert.rejects(open(silent, { clientTls: { ca: good.ca } }), { code: "CONFIG_MISSING" });
  });
});

describe("a request that ends early", () => {
  const exchanges = useExchanges();
  const { open, openRequest } = exchanges;

  it("ends a request whose caller gives up, and reports its answer as late", async () => {
    const giveUp = new AbortController();
    const { outcome, message } = await openRequest({ signal: giveUp.signal });
    giveUp.abort();
    assert.deepEqual(await outcome, { kind: "aborted" });
    await exchanges.current().post({ message: answerTo(message) });
    assert.equal(exchanges.current().received[0]?.disposition, "late-answer");
  });

  it("sends nothing for a caller that has given up already", async () => {
    await open(silent);
    const outcome = await exchanges.current().mhs.request(exchanges.current().request({ signal: AbortSignal.abort() }));
    assert.deepEqual(outcome, { kind: "aborted" });
    assert.equal(exchanges.current().peer.connectionsMade(), 0);
  });

  it("sends nothing for a caller that gives up while the request is stored", async () => {
    await open(silent);
    const giveUp = new AbortController();
    const outcome = exchanges.current().mhs.request(exchanges.current().request({ signal: giveUp.signal }));
    giveUp.abort();
    assert.deepEqual(await outcome, { kind: "aborted" });
    assert.equal(exchanges.current().peer.connectionsMade(), 0);
  });

  it("sends nothing for a caller that gives up while the connection is made", async () => {
    const giveUp = new AbortController();
    const real = await createMemoryStore();
    const store: MessageStore = {
      ...real,
      async acceptRequest(message, audit) {
        const accepted = await real.acceptRequest(message, audit);
        setImmediate(() => giveUp.abort());
        return accepted;
      },
    };
    await open(silent, { store });
    const outcome = exchanges.current().mhs.request(exchanges.current().request({ signal: giveUp.signal }));
    const replied = once(exchanges.current().mhs.events, "replied");
    assert.deepEqual(await outcome, { kind: "aborted" });
    await replied;
    assert.equal(exchanges.current().replied[0]?.kind, "not-sent");
    assert.equal(exchanges.current().peer.requests.length, 0);
    await exchanges.current().mhs.close();
    await real.close();
  });

  it("leaves no socket, server or timer behind when the service closes in the middle of work", async () => {
    const kinds = new Set(["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "Timeout", "GetAddrInfoReqWrap"]);
    const resources = (): string[] =>
      process
        .getActiveResourcesInfo()
        .filter((kind) => kinds.has(kind))
        .sort();
    // The time-out of the test itself is set by then.
    await new Promise((next) => setImmediate(next));
    const before = resources();
    const { outcome } = await openRequest({ timeoutMilliseconds: 3_600_000 });
    const unanswered = exchanges
      .current()
      .mhs.request(exchanges.current().request({ signal: new AbortController().signal }));
    await exchanges.current().close();
    assert.deepEqual([(await outcome).kind, (await unanswered).kind], ["aborted", "aborted"]);
    for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));
    assert.deepEqual(resources(), before);
  });

  it("ends open requests as aborted when the service closes", async () => {
    const { outcome } = await openRequest();
    await exchanges.current().mhs.close();
    assert.deepEqual(await outcome, { kind: "aborted" });
  });
});
