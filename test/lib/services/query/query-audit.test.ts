// No query leaves without an entry in the audit, and each one's end is there as well.
import assert from "node:assert/strict";
import type { Author } from "../../../../lib/cpis/model.js";
import type { CpisError } from "../../../../lib/errors.js";
import { verifyAudit } from "../../../../lib/services/audit.js";
import type { ChildQuery, QueryAnswer } from "../../../../lib/services/query/query.js";
import { createSmspQueryService } from "../../../../lib/services/query/smsp-query.js";
import type { SmspServer } from "../../../../lib/simulator/smsp/smsp-server.js";
import type { SmspClient } from "../../../../lib/smsp/smsp-client.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createFailingStore, type FailingStore } from "../../../support/mhs/failing-store.js";
import { createSmspScene, effects, now, type SmspScene } from "../../../support/smsp/smsp-scene.js";
import { createTestProtection, type StorePlace } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

const clinician: Author = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Marker" },
  organisation: { code: "X9X", name: "EXAMPLE HOSPITAL TRUST" },
};
const known = "9990001014";

describe("The audit of queries", () => {
  let scene: SmspScene;
  let server: SmspServer;
  let client: SmspClient;
  let place: StorePlace;
  let store: MessageStore;
  let failing: FailingStore;
  let sent: number;
  let unwritten: CpisError[];

  before(async () => {
    scene = await createSmspScene();
  });
  beforeEach(async () => {
    server = await scene.start();
    client = scene.client(server.url);
    place = await createSqlitePlace();
    store = await place.open();
    failing = createFailingStore(store);
    sent = 0;
    unwritten = [];
  });
  afterEach(async () => {
    await scene.closeAll();
    await store.close();
    await place.remove();
  });

  function ask(query: Partial<ChildQuery> & Pick<ChildQuery, "nhsNumber">): Promise<QueryAnswer> {
    const send: SmspClient["send"] = (question) => {
      sent += 1;
      return client.send(question);
    };
    const service = createSmspQueryService({
      smsp: { send },
      effects,
      settings: { checkActivities: true },
      audit: {
        appendAudit: (entry) => failing.store.appendAudit(entry),
        outcomeNotWritten: (error) => unwritten.push(error),
      },
    });
    return service.ask({ author: clinician, activities: ["B0107"], accessType: "unscheduled", ...query });
  }

  it("tells who asked about whom, with which ids, and how it ended", async () => {
    const { exchange } = await ask({ nhsNumber: known });
    const [asked, ended, ...others] = await store.readAudit(0, 10);
    assert.deepEqual(others, []);
    const common = {
      at: now,
      userId: "990000001001",
      roleProfileId: "990000001002",
      role: "R8000",
      organisation: "X9X",
      subjectHash: createTestProtection().hash(known),
      interaction: exchange?.interaction,
      messageId: exchange?.messageId,
      conversationId: exchange?.conversationId,
      applicationId: exchange?.hl7Id,
      isSealed: true,
    };
    const links = { previousHash: "", hash: "" };
    assert.deepEqual({ ...asked, ...links }, { ...common, ...links, number: 1, event: "query-asked" });
    assert.deepEqual(
      { ...ended, ...links },
      { ...common, ...links, number: 2, event: "query-ended", outcome: "found", concerns: 1 },
    );
    assert.equal((await verifyAudit(store)).kind, "intact");
  });

  it("holds neither the clinician's name nor the number in clear", async () => {
    await ask({ nhsNumber: known });
    const text = JSON.stringify(await store.readAudit(0, 10));
    for (const marker of [known, "Marker", "EXAMPLE HOSPITAL"]) assert.equal(text.includes(marker), false, marker);
  });

  it("tells the code of a query that failed", async () => {
    await scene.closeAll();
    await ask({ nhsNumber: known });
    const [, ended] = await store.readAudit(0, 10);
    assert.deepEqual([ended?.outcome, ended?.code], ["failed", "CPIS_NOT_SENT"]);
  });

  it("has an entry for a query that was refused here, and nothing of what was no NHS number", async () => {
    await ask({ nhsNumber: known, activities: [] });
    await ask({ nhsNumber: "Marker Child" });
    const entries = await store.readAudit(0, 10);
    assert.deepEqual(
      entries.map(({ event, code, subjectHash }) => [event, code, subjectHash !== undefined]),
      [
        ["query-refused", "CPIS_NOT_AUTHORISED", true],
        ["query-refused", "CPIS_INVALID_NHS_NUMBER", false],
      ],
    );
    assert.equal(sent, 0);
  });

  it("that cannot be written keeps the query from being sent", async () => {
    failing.fail("STORE_FULL");
    const { result, cause, exchange } = await ask({ nhsNumber: known });
    assert.equal(sent, 0);
    assert.deepEqual([result.outcome, result.outcome === "failed" && result.code], ["failed", "not-sent"]);
    assert.deepEqual([cause?.code, cause?.detail, exchange], ["CPIS_NOT_AUDITED", "STORE_FULL", undefined]);
  });

  it("that hangs keeps the query from being sent, in the query's time, and tells later that nothing was", async () => {
    failing.hang(["appendAudit"]);
    const over = new AbortController();
    const asking = ask({ nhsNumber: known, signal: over.signal });
    over.abort();
    const { cause } = await asking;
    assert.deepEqual([cause?.code, cause?.detail, sent], ["CPIS_NOT_AUDITED", "STORE_UNAVAILABLE", 0]);
    failing.letGo();
    let entries = await store.readAudit(0, 10);
    while (entries.length < 2) {
      await new Promise((resolve) => setImmediate(resolve));
      entries = await store.readAudit(0, 10);
    }
    const [asked, ended] = entries;
    assert.deepEqual([asked?.event, ended?.event, ended?.concerns], ["query-asked", "query-ended", asked?.number]);
    assert.deepEqual([ended?.outcome, ended?.code, sent], ["failed", "CPIS_NOT_AUDITED", 0]);
  });

  it("that hangs after the answer has come withholds no answer", async () => {
    const real = client;
    client = {
      ...real,
      send: async (question) => {
        const outcome = await real.send(question);
        failing.hang(["appendAudit"]);
        return outcome;
      },
    };
    const { result } = await ask({ nhsNumber: known });
    assert.equal(result.outcome, "found");
    failing.letGo();
  });

  it("that fails after the answer has come withholds no answer, and says that it failed", async () => {
    const real = client;
    client = {
      ...real,
      send: async (question) => {
        const outcome = await real.send(question);
        failing.fail("STORE_UNAVAILABLE");
        return outcome;
      },
    };
    const { result } = await ask({ nhsNumber: known });
    assert.equal(result.outcome, "found");
    assert.deepEqual(
      unwritten.map(({ code }) => code),
      ["STORE_UNAVAILABLE"],
    );
  });
});
