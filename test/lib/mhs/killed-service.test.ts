// A service that is killed without warning, and what the next one makes of the store that it left.
import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Delivery } from "../../../lib/queue/model.js";
import type { BusinessMessage } from "../../../lib/ebxml/model.js";
import { createFolder } from "../../support/store/sqlite-place.js";
import { createTestProtection } from "../../support/store/sample-messages.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import fs from "node:fs/promises";
import { until, untilState, useDurableScene } from "../../support/mhs/durable-exchange.js";
import type { KilledServiceOptions, KilledServiceReport } from "../../support/mhs/killed-service.js";
import {
  acknowledgmentFor,
  encodeInbound,
  messageIn,
  newId,
  post,
  replyWith,
  testCertificates,
  type PeerRequest,
} from "../../support/mhs/peer.js";

describe("after a service was killed", () => {
  const scene = useDurableScene();
  let child: ChildProcess | undefined;
  let folder = "";

  beforeEach(async () => {
    folder = await createFolder();
  });

  afterEach(async () => {
    child?.kill("SIGKILL");
    await fs.rm(folder, { recursive: true });
  });

  it("the next one resends the same bytes, fails the query without sending it, and repeats reply and delivery", async () => {
    const { good } = await testCertificates();
    let isAnswering = false;
    const peer = await scene.startPeer((request, response) => {
      if (isAnswering) replyWith(response, acknowledgmentFor(messageIn(request)));
    });
    const [messageId, queryId] = [newId(), newId()];
    const times = { retries: 5, retryIntervalMilliseconds: 50 };
    const reliable = scene.contract(times);
    const express = scene.contract({ ...times, ackRequested: "never", duplicateElimination: "never" });
    const tls = { key: String(good.key), cert: String(good.cert), ca: String(good.ca) };
    const options: KilledServiceOptions = { folder, tls, reliable, express, messageId, queryId };

    child = fork(path.join(__dirname, "../../support/mhs/killed-service.ts"), { execArgv: ["--require", "tsx/cjs"] });
    const killed = child;
    const reports: KilledServiceReport[] = [];
    killed.on("message", (report: KilledServiceReport) => reports.push(report));
    killed.send(options);
    await until(() => reports.length > 0 && peer.requests.length === 2);
    const [accepted] = reports;
    if (accepted?.kind !== "accepted") assert.fail("the service did not accept");
    const inbound = encodeInbound();
    const reply = await post({ port: accepted.port, tls: good, message: inbound });
    await until(() => reports.length === 2);
    killed.kill("SIGKILL");
    await once(killed, "exit");

    isAnswering = true;
    const protection = createTestProtection();
    const store = await createSqliteMessageStore({ folder, protection, now: () => Date.now() });
    const next = await scene.start({ store });
    const taken: Delivery<BusinessMessage>[] = [];
    next.mhs.consume({ confirm: "on-handover", deliver: (delivery) => Promise.resolve(void taken.push(delivery)) });
    const row = await store.findByMessageId("outbound", messageId);
    const query = await store.findByMessageId("outbound", queryId);
    if (row === undefined || query === undefined) assert.fail("what was accepted is not in the store");
    await untilState(store, row.id, "completed");
    await untilState(store, query.id, "failed");
    assert.equal((await store.findById(query.id))?.errorCode, "EBXML_OUTCOME_UNKNOWN");
    const sentAs = (id: string): readonly PeerRequest[] =>
      peer.requests.filter((request) => messageIn(request).header.messageId === id);
    assert.equal(sentAs(queryId).length, 1);
    const [first, second, ...more] = sentAs(messageId);
    assert.deepEqual(second?.body, first?.body);
    assert.equal(more.length, 0);
    assert.deepEqual((await next.post({ message: inbound })).body, reply.body);
    await until(() => taken.length === 1);
    assert.equal(taken[0]?.delivery, 2);
    await next.close();
    await store.close();
  });
});
