// A query through a Spine mini service, from the NHS number to its result, over real TLS.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Author, PersonAuthor, QueryResult } from "../../../../lib/cpis/model.js";
import { createSmspQueryService, type SmspQueryServiceSettings } from "../../../../lib/services/query/smsp-query.js";
import type { ChildQuery, QueryAnswer } from "../../../../lib/services/query/query.js";
import type { SmspConduct } from "../../../../lib/simulator/smsp/smsp-behaviour.js";
import { smspNumbers } from "../../../../lib/simulator/smsp/smsp-numbers.js";
import { sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import type { SmspServer } from "../../../../lib/simulator/smsp/smsp-server.js";
import type { SmspClient } from "../../../../lib/smsp/smsp-client.js";
import { until } from "../../../support/mhs/durable-exchange.js";
import { createSmspScene, effects, now, type SmspScene } from "../../../support/smsp/smsp-scene.js";

const clinician: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "X9X", name: "EXAMPLE HOSPITAL TRUST" },
};
const system: Author = {
  kind: "system",
  asid: "990000000145",
  organisation: clinician.organisation,
  responsible: [{ role: { code: "R8000", displayName: "Lead" }, name: { given: [], text: "Dr Nominated Lead" } }],
};

function codeOf(result: QueryResult): string {
  if (result.outcome === "failed") return result.code;
  return result.outcome === "not-found" ? result.basis : result.outcome;
}

describe("The query service through a Spine mini service", () => {
  let scene: SmspScene;
  let server: SmspServer;
  let client: SmspClient;

  before(async () => {
    scene = await createSmspScene();
  });
  beforeEach(async () => {
    server = await scene.start();
    client = scene.client(server.url);
  });
  afterEach(() => scene.closeAll());

  function ask(
    query: Partial<ChildQuery> & Pick<ChildQuery, "nhsNumber">,
    settings: Partial<SmspQueryServiceSettings> = {},
    smsp: Pick<SmspClient, "send"> = client,
  ): Promise<QueryAnswer> {
    const service = createSmspQueryService({ smsp, effects, settings: { checkActivities: true, ...settings } });
    return service.ask({ author: clinician, activities: ["B0107"], accessType: "unscheduled", ...query });
  }

  it("finds every sample child with its plans and this very access", async () => {
    for (const { nhsNumber, plans, accesses = [], shape } of sampleChildren(now)) {
      const { result } = await ask({ nhsNumber });
      assert.ok(result.outcome === "found", nhsNumber);
      const expected = shape?.isFirstPlanUnreadable === true ? plans.slice(1) : plans;
      assert.equal(result.plans.length, expected.length);
      assert.deepEqual(
        new Set(result.plans.map(({ planType }) => planType)),
        new Set(expected.map(({ planType }) => planType)),
      );
      assert.equal(result.accesses.length, Math.min(25, accesses.length + 1));
      assert.equal(result.accesses.filter(({ isThisQuery }) => isThisQuery).length, 1);
    }
  });

  it("names the messages that were exchanged", async () => {
    const { result, exchange, cause } = await ask({ nhsNumber: "999 000 1014" });
    assert.equal(exchange?.interaction, "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0");
    assert.deepEqual([exchange.conversationId, exchange.hl7Id], [result.messageId, result.eventId]);
    assert.equal(new Set([exchange.messageId, result.messageId, result.eventId]).size, 3);
    assert.equal(exchange.startedAt, "2026-11-22T10:15:00.000Z");
    assert.equal(cause, undefined);
  });

  it("lets a system ask that names a responsible person, without any activity", async () => {
    const { result } = await ask({ nhsNumber: "9990001014", author: system, activities: [] });
    assert.equal(result.outcome, "found");
  });

  it("says no record for a number that the register does not hold", async () => {
    const { result } = await ask({ nhsNumber: "9990000077" });
    assert.equal(codeOf(result), "smsp-no-record");
  });

  for (const { nhsNumber, status, expected } of smspNumbers) {
    const outcome = expected.outcome === "failed" ? expected.code : expected.outcome;
    it(`${nhsNumber}, for which the service says ${status}: ${outcome}`, async () => {
      const { result } = await ask({ nhsNumber }, { acceptFailingCheckDigit: true });
      assert.equal(result.outcome, expected.outcome);
      if (expected.outcome === "failed" && result.outcome === "failed") {
        assert.deepEqual([result.code, result.retryable], [expected.code, expected.retryable]);
      }
      if (expected.outcome === "not-found") assert.equal(codeOf(result), expected.basis);
      assert.equal(result.codes[0]?.code, status);
    });
  }

  const conducts: readonly (readonly [SmspConduct, string, boolean])[] = [
    [{ kind: "status", code: "SMSP-0042" }, "smsp-error", false],
    [{ kind: "status", code: "SMSP-0000" }, "inconsistent-reply", false],
    [{ kind: "fault", faultCode: "Client" }, "soap-fault", false],
    [{ kind: "fault", faultCode: "Server" }, "soap-fault", true],
    [{ kind: "http-status", status: 503 }, "http-error", true],
    [{ kind: "http-status", status: 403 }, "http-error", false],
    [{ kind: "http-status", status: 202 }, "unexpected-reply", false],
    [{ kind: "not-soap" }, "unparseable-reply", false],
    [{ kind: "unrelated" }, "correlation-mismatch", false],
    [{ kind: "reset", afterBytes: 100 }, "timeout", true],
  ];
  for (const [conduct, code, retryable] of conducts) {
    it(`never says that there is no record when the service does this: ${JSON.stringify(conduct)}`, async () => {
      server.setConduct(conduct);
      for (const nhsNumber of ["9990001014", "9990000077"]) {
        const { result } = await ask({ nhsNumber });
        assert.ok(result.outcome === "failed");
        assert.deepEqual([result.code, result.retryable], [code, retryable]);
      }
      assert.equal(server.questions, 2);
    });
  }

  it("ends as a failure when the caller gives up: the access may have been recorded", async () => {
    server.setConduct({ kind: "silence" });
    const caller = new AbortController();
    const answer = ask({ nhsNumber: "9990001014", signal: caller.signal });
    await until(() => server.questions === 1);
    caller.abort();
    const { result, cause } = await answer;
    assert.equal(codeOf(result), "timeout");
    assert.equal(cause?.code, "SMSP_OUTCOME_UNKNOWN");
  });

  it("says that nothing was sent when nobody listens, with the cause", async () => {
    await server.close();
    const { result, cause } = await ask({ nhsNumber: "9990001014" });
    assert.ok(result.outcome === "failed" && result.retryable);
    assert.deepEqual([result.code, cause?.code], ["not-sent", "SMSP_CONNECT_FAILED"]);
  });

  it("tells nothing of a patient in any cause or detail", async () => {
    for (const [conduct] of conducts) {
      server.setConduct(conduct);
      const { result, cause } = await ask({ nhsNumber: "9990001014" });
      const detail = result.outcome === "failed" ? result.detail : undefined;
      assert.doesNotMatch(inspect({ detail, cause }, { depth: 10 }), /9990001014|Ann|Example/);
    }
  });

  describe("refuses before anything is sent", () => {
    const { kind, userId, name, organisation } = clinician;
    const noRole: Author = { kind, name, organisation, ...(userId === undefined ? {} : { userId }) };
    const cases: readonly (readonly [string, Partial<ChildQuery> & { nhsNumber: string }, string])[] = [
      ["a number with a wrong check digit", { nhsNumber: "1234567895" }, "invalid-nhs-number"],
      ["a user without the activity", { nhsNumber: "9990001014", activities: ["B0170"] }, "not-authorised"],
      ["an author without role", { nhsNumber: "9990001014", author: noRole }, "invalid-request"],
      ["a system without ASID", { nhsNumber: "9990001014", author: { ...system, asid: "" } }, "invalid-request"],
      [
        "scheduled care, whose form is not confirmed",
        { nhsNumber: "9990001014", accessType: "scheduled", activities: ["B0170"] },
        "silent-read-unavailable",
      ],
    ];
    for (const [what, query, code] of cases) {
      it(`${what}: ${code}`, async () => {
        const { result, exchange, cause } = await ask(query);
        assert.equal(codeOf(result), code);
        assert.equal(exchange, undefined);
        assert.match(cause?.code ?? "", /^CPIS_/);
        assert.equal(server.questions, 0);
      });
    }
  });
});
