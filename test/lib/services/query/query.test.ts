// A query from the NHS number to its result, through the message handling service and the simulator over real TLS.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Author, PersonAuthor, QueryResult } from "../../../../lib/cpis/model.js";
import { CpisError } from "../../../../lib/errors.js";
import { parseCpaId, parsePartyKey } from "../../../../lib/identifiers.js";
import {
  createMessageHandlingService,
  type MessageHandlingService,
} from "../../../../lib/mhs/message-handling-service.js";
import type { MessagingContract } from "../../../../lib/sds/contract.js";
import {
  createQueryService,
  type ChildQuery,
  type QueryAnswer,
  type QueryServiceSettings,
} from "../../../../lib/services/query/query.js";
import type { QueryAudit } from "../../../../lib/services/query/query-audit.js";
import {
  createPki,
  createSpineSimulator,
  specialNumbers,
  type SpecialNumber,
  type SpineSimulator,
} from "../../../../lib/simulator/index.js";
import type { NewAuditEntry } from "../../../../lib/store/audit-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const party = { partyKey: "ZT7-900145", asid: "990000000145", cpaId: "S9000145A9000201" };
const clinician: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
};
/** Of the queries that end by waiting in vain; the late answer comes after it. */
const vainWait = 5_000;

describe("The query service", () => {
  let simulator: SpineSimulator;
  let mhs: MessageHandlingService;
  let store: MessageStore;
  let requests = 0;

  before(async () => {
    simulator = await createSpineSimulator({ pki: await createPki(effects), effects, lateAnswerMilliseconds: 8_000 });
    const client = await simulator.issueClient("127.0.0.1");
    const tls = { key: client.keyPem, cert: client.certPem, ca: simulator.caPem };
    store = await createMemoryStore();
    mhs = createMessageHandlingService({
      ownParty: { partyKey: parsePartyKey(party.partyKey), cpaId: parseCpaId(party.cpaId) },
      clientTls: tls,
      listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
      store,
      effects,
    });
    const { port } = await mhs.start();
    simulator.registerParty({ ...party, answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` });
    simulator.events.on("exchange", ({ kind }) => {
      if (kind === "request") requests += 1;
    });
  });

  after(async () => {
    await mhs.close();
    await simulator.close();
    await store.close();
  });

  function ask(
    query: Partial<ChildQuery> & Pick<ChildQuery, "nhsNumber">,
    settings: Partial<QueryServiceSettings> = {},
    audit?: QueryAudit,
  ): Promise<QueryAnswer> {
    const service = createQueryService({
      mhs,
      effects,
      settings: {
        fromAsid: party.asid,
        contract: () => Promise.resolve(simulator.contracts.express),
        checkActivities: true,
        timeoutMilliseconds: 120_000,
        emptyResponse: "failed",
        ...settings,
      },
      ...(audit === undefined ? {} : { audit }),
    });
    return service.ask({ author: clinician, activities: ["B0107"], accessType: "unscheduled", ...query });
  }

  function codeOf(result: QueryResult): string {
    return result.outcome === "failed" ? result.code : result.outcome;
  }

  for (const pattern of ["express", "reliable", "syncSoap"] as const) {
    it(`judges each special number as its row of the decision table says, ${pattern}`, async () => {
      const contract = (): Promise<MessagingContract> => Promise.resolve(simulator.contracts[pattern]);
      const wrong: string[] = [];
      const expectedOf = (special: SpecialNumber): SpecialNumber["expected"] =>
        pattern === "syncSoap" ? special.expectedOverSyncSoap : special.expected;
      const isVain = (special: SpecialNumber): boolean => {
        const expected = expectedOf(special);
        return expected.outcome === "failed" && expected.code === "timeout";
      };
      const askAll = (numbers: readonly SpecialNumber[], settings: Partial<QueryServiceSettings>): Promise<unknown> =>
        Promise.all(numbers.map((number) => askOne(number, settings)));
      const askOne = async (special: SpecialNumber, settings: Partial<QueryServiceSettings>): Promise<void> => {
        const { nhsNumber, behaviour } = special;
        const expected = expectedOf(special);
        const { result } = await ask({ nhsNumber }, settings);
        const isAsExpected =
          expected.outcome === "failed" ? codeOf(result) === expected.code : result.outcome === expected.outcome;
        if (!isAsExpected) wrong.push(`${behaviour}: ${codeOf(result)}`);
        if (expected.outcome === "not-found" && result.outcome === "not-found") {
          assert.equal(result.basis, expected.basis, behaviour);
        }
      };
      await askAll(
        specialNumbers.filter((special) => !isVain(special)),
        { contract },
      );
      // Afterwards: a machine that is busy with the others may need their time only to connect.
      await askAll(specialNumbers.filter(isVain), { contract, timeoutMilliseconds: vainWait });
      assert.deepEqual(wrong, []);
    });
  }

  it("finds a child with plan, local authority and numbers to ring, and tells which messages were exchanged", async () => {
    const { result, exchange } = await ask({ nhsNumber: "999 000 1065" });
    assert.ok(result.outcome === "found");
    assert.deepEqual(
      result.plans.map(({ planType, localAuthority }) => [
        planType,
        localAuthority.emergencyDutyTelephone !== undefined,
      ]),
      [
        ["child-protection-plan", true],
        ["looked-after-child", true],
      ],
    );
    assert.equal(exchange?.interaction, "QUPC_IN000006GB01");
    assert.equal(exchange.hl7Id, result.messageId);
    assert.ok(exchange.durationMilliseconds >= 0);
  });

  it("is in the audit under the ids of its messages before it is sent, and again with its outcome", async () => {
    const entries: NewAuditEntry[] = [];
    const requestsBefore = requests;
    const audit = {
      appendAudit: (entry: NewAuditEntry): Promise<number> => {
        if (entry.event === "query-asked") assert.equal(requests, requestsBefore);
        return Promise.resolve(entries.push(entry));
      },
    };
    const { exchange, result } = await ask({ nhsNumber: "9990001065" }, {}, audit);
    assert.deepEqual(
      entries.map(({ event, outcome, messageId, conversationId, applicationId }) => ({
        event,
        outcome,
        ids: [messageId, conversationId, applicationId],
      })),
      [
        { event: "query-asked", outcome: undefined },
        { event: "query-ended", outcome: "found" },
      ].map((entry) => ({ ...entry, ids: [exchange?.messageId, exchange?.conversationId, result.messageId] })),
    );
  });

  it("is not sent when it cannot be recorded", async () => {
    const requestsBefore = requests;
    const audit = { appendAudit: () => Promise.reject(new CpisError("STORE_UNAVAILABLE")) };
    const { result, cause } = await ask({ nhsNumber: "9990001065" }, {}, audit);
    assert.deepEqual([codeOf(result), cause?.code, requests], ["not-sent", "CPIS_NOT_AUDITED", requestsBefore]);
  });

  it("lets a system ask that names a responsible person", async () => {
    const author: Author = {
      kind: "system",
      asid: party.asid,
      organisation: clinician.organisation,
      responsible: [{ role: { code: "R8000", displayName: "Lead" }, name: { given: [], text: "Dr Nominated Lead" } }],
    };
    const { result } = await ask({ nhsNumber: "9990001014", author, activities: [] });
    assert.equal(result.outcome, "found");
  });

  describe("refuses before anything is sent", () => {
    const { kind, userId, name, organisation } = clinician;
    const noRole: Author = { kind, name, organisation, ...(userId === undefined ? {} : { userId }) };
    const cases: readonly (readonly [string, Partial<ChildQuery> & { nhsNumber: string }, string])[] = [
      ["a number with a wrong check digit", { nhsNumber: "9990001015" }, "invalid-nhs-number"],
      ["a user without the activity", { nhsNumber: "9990001014", activities: ["B0170"] }, "not-authorised"],
      ["a user without any activity", { nhsNumber: "9990001014", activities: [] }, "not-authorised"],
      ["an author without role", { nhsNumber: "9990001014", author: noRole }, "invalid-request"],
      [
        "scheduled care, whose form is not confirmed",
        { nhsNumber: "9990001014", accessType: "scheduled", activities: ["B0170"] },
        "silent-read-unavailable",
      ],
      [
        "scheduled care by a user who may only ask unscheduled",
        { nhsNumber: "9990001014", accessType: "scheduled" },
        "not-authorised",
      ],
    ];
    for (const [what, query, code] of cases) {
      it(`${what}: ${code}`, async () => {
        const before = requests;
        const { result, exchange } = await ask(query);
        assert.equal(codeOf(result), code);
        assert.equal(exchange, undefined);
        assert.equal(requests, before);
      });
    }
  });

  describe("with a stated form of the silent read", () => {
    const silentRead = { place: "after-id", attribute: "value", value: "false" } as const;
    const child = "9990001014";
    async function askHeard(
      query: Partial<ChildQuery>,
    ): Promise<{ readonly answer: QueryAnswer; readonly sent: string }> {
      let sent = "";
      const hear = ({ kind, request }: { kind: string; request: string }): void => {
        if (kind === "request") sent = request;
      };
      simulator.events.on("exchange", hear);
      const answer = await ask({ nhsNumber: child, ...query }, { silentRead });
      simulator.events.off("exchange", hear);
      return { answer, sent };
    }

    it("reads silently for scheduled care: the access is neither kept nor told", async () => {
      const author = { ...clinician, userId: "990000001077" };
      let told = 0;
      const count = (): void => void (told += 1);
      simulator.events.on("access", count);
      const { answer, sent } = await askHeard({ author, accessType: "scheduled", activities: ["B0170"] });
      assert.equal(answer.result.outcome, "found");
      assert.ok(sent.includes('<accessEventType value="false"/>'));
      assert.ok(!JSON.stringify(simulator.register.accesses(child)).includes(author.userId));
      assert.equal(told, 0);
      await askHeard({ author });
      assert.equal(told, 1);
      simulator.events.off("access", count);
    });

    it("says nothing of it for unscheduled care", async () => {
      const { answer, sent } = await askHeard({});
      assert.equal(answer.result.outcome, "found");
      assert.ok(sent.length > 0 && !sent.includes("accessEventType"));
    });

    it("still asks for the activity of scheduled care, and never asks unscheduled instead", async () => {
      const before = requests;
      const { answer } = await askHeard({ accessType: "scheduled", activities: ["B0107"] });
      assert.equal(codeOf(answer.result), "not-authorised");
      const { answer: other } = await askHeard({ accessType: "unscheduled", activities: ["B0170"] });
      assert.equal(codeOf(other.result), "not-authorised");
      assert.equal(requests, before);
    });
  });

  it("says that nothing was sent when there is no contract, with the cause", async () => {
    const contract = (): Promise<MessagingContract> => Promise.reject(new CpisError("CONFIG_CONTRACT"));
    const { result, cause } = await ask({ nhsNumber: "9990001014" }, { contract });
    assert.equal(codeOf(result), "not-sent");
    assert.equal(cause?.code, "CONFIG_CONTRACT");
  });

  it("says that nothing was sent when nobody listens at the endpoint", async () => {
    const { express } = simulator.contracts;
    const contract = (): Promise<MessagingContract> =>
      Promise.resolve({ ...express, endpointUrl: "https://127.0.0.1:1/reliablemessaging/queryrequest" });
    const { result } = await ask({ nhsNumber: "9990001014" }, { contract });
    assert.equal(codeOf(result), "not-sent");
    assert.ok(result.outcome === "failed" && result.retryable);
  });

  it("ends as a failure, never as an answer, when the caller gives up", async () => {
    const caller = new AbortController();
    const exchanged = once(simulator.events, "exchange");
    const answer = ask({ nhsNumber: "9990002096", signal: caller.signal });
    await exchanged;
    caller.abort();
    const { result } = await answer;
    assert.equal(codeOf(result), "timeout");
  });

  it("takes an empty response for no record only where it is told to", async () => {
    const empty = specialNumbers.find(({ behaviour }) => behaviour === "no-plan-total-zero");
    assert.ok(empty !== undefined);
    const { result } = await ask({ nhsNumber: empty.nhsNumber }, { emptyResponse: "not-found" });
    assert.ok(result.outcome === "not-found" && result.basis === "empty-response");
  });
});
