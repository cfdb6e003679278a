// How the simulator checks the HL7 message of a query, over real TLS with bytes of the codecs.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { BusinessMessage } from "../../../../lib/ebxml/model.js";
import { reliabilityElements } from "../../../../lib/ebxml/reliability.js";
import type { SimulatorEvents } from "../../../../lib/simulator/index.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { readApplicationAcknowledgement, readQueryFailure } from "../../../support/cpis/read-reply.js";
import { openTestSpine, type QueryOptions, type TestSpine } from "../../../support/simulator/simulator-client.js";

const known = "9990001014";

describe("The simulator's acceptance of queries", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine();
  });
  afterEach(async () => {
    await spine.close();
  });

  async function answerTo(options: QueryOptions): Promise<BusinessMessage> {
    const reply = await spine.send(spine.prepare(known, options));
    assert.equal(reply.status, 202);
    const answer = await spine.answer(1);
    assert.equal(answer.kind, "message");
    return answer;
  }

  const wrapperFaults: readonly (readonly [RegExp, string])[] = [
    [/<creationTime [^>]*>/, "INVALID_CREATION_TIME"],
    [/<versionCode [^>]*>/, "INVALID_VERSION_CODE"],
    [/<interactionId [^>]*>/, "INCONSISTENT_HL7_INTERACTION_ID"],
    [/<communicationFunctionRcv.*?<\/communicationFunctionRcv>/, "INVALID_COMM_FUNC_RCV"],
    [/<communicationFunctionSnd.*?<\/communicationFunctionSnd>/, "INVALID_COMM_FUNC_SND"],
    [/<id root="[^"]*"\/>/, "INVALID_ID"],
    [/<ControlActEvent.*<\/ControlActEvent>/, "INVALID_CONTROL_ACT"],
  ];
  for (const [part, fault] of wrapperFaults) {
    it(`answers a wrapper with ${fault} by MCCI AE`, async () => {
      const answer = await answerTo({ alterPayload: (text) => text.replace(part, "") });
      assert.equal(answer.header.action, "MCCI_IN010000UK13");
      const parsed = readApplicationAcknowledgement(parseXml(answer.payload!));
      assert.equal(parsed.acknowledgement.typeCode, "AE");
      assert.deepEqual(
        parsed.reasons.map(({ code, displayName }) => `${code} ${displayName}`),
        [`SIM1732 ErrorBase1732.${fault}`],
      );
    });
  }

  const contentFaults: readonly (readonly [RegExp, readonly string[]])[] = [
    [/<author1.*?<\/author1>/, ["author1"]],
    [/<queryByParameter>.*?<\/queryByParameter>/, ["NHS Number"]],
    [/(?<=<cP-ISNHSQuery><effectiveTime [^>]*\/>)<id [^>]*\/>/, ["Event ID"]],
    [/<code [^>]*\/>/, ["Job Role Code", "Job Role Name"]],
    [/<representedOrganization>.*?<\/representedOrganization>/, ["Organisation Code", "Organisation Name"]],
    [/<id root="1\.2\.826\.0\.1285\.0\.2\.0\.65"[^>]*\/>(?=<id[^>]*\/><assignedAuthorPerson>)/, ["authorID"]],
    [/<COCT_TP145102GB01\.AssignedAuthor>.*?<\/COCT_TP145102GB01\.AssignedAuthor>/, ["[authorPerson or authorDevice]"]],
  ];
  for (const [part, faults] of contentFaults) {
    it(`answers a query that lacks ${faults.join(", ")} by QUQI AE with ID`, async () => {
      const answer = await answerTo({
        alterPayload: (text) => {
          const changed = text.replace(part, "");
          assert.notEqual(changed, text);
          return changed;
        },
      });
      assert.equal(answer.header.action, "QUQI_IN010000UK14");
      const parsed = readQueryFailure(parseXml(answer.payload!));
      assert.equal(parsed.acknowledgement.typeCode, "AE");
      assert.equal(parsed.queryResponseCode, "ID");
      assert.deepEqual(
        parsed.reasons.map(({ code, displayName }) => `${code} ${displayName}`),
        faults.map((fault) => `SIM1712 ErrorBase1712.MANDATORY_DATA_MISSING: ${fault}`),
      );
    });
  }

  it("checks the parts of a system author", async () => {
    const author = {
      kind: "system",
      asid: "990000000145",
      organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
      responsible: [{ role: { code: "R8000", displayName: "Lead" }, name: { given: ["Ann"], family: "Example" } }],
    } as const;
    const alterPayload = (text: string): string =>
      text
        .replace(/<assignedPerson>.*?<\/assignedPerson>/, "")
        .replace(/<maintainingOrganization>.*?<\/maintainingOrganization>/, "");
    const answer = await answerTo({ author, alterPayload });
    const faults = readQueryFailure(parseXml(answer.payload!)).reasons.map(({ displayName }) => displayName);
    const names = ["authorDevice.orgCode", "authorDevice.orgName", "authorDevice.assignedPersonName"];
    assert.deepEqual(
      faults,
      names.map((name) => `ErrorBase1712.MANDATORY_DATA_MISSING: ${name}`),
    );
  });

  async function rejectionCode(count: number): Promise<string | undefined> {
    const answer = await spine.answer(count);
    assert.equal(answer.kind, "message");
    const parsed = readApplicationAcknowledgement(parseXml(answer.payload!));
    assert.equal(parsed.acknowledgement.typeCode, "AR");
    assert.equal(parsed.acknowledgement.details[0]?.code?.codeSystem, "2.16.840.1.113883.2.1.3.2.4.17.32");
    return parsed.acknowledgement.details[0].code.code;
  }

  it("rejects a repeated HL7 id with AR 202", async () => {
    const first = spine.prepare(known);
    await spine.send(first);
    await spine.answer(1);
    await spine.send(spine.prepare(known, { hl7Id: first.hl7Id }));
    assert.equal(await rejectionCode(2), "202");
  });

  it("rejects a wrong receiver ASID with AR 506 and a foreign sender ASID with AR 1", async () => {
    await spine.send(spine.prepare(known, { toAsid: "990000000777" }));
    assert.equal(await rejectionCode(1), "506");
    await spine.send(spine.prepare(known, { fromAsid: "990000000777" }));
    assert.equal(await rejectionCode(2), "1");
  });

  it("gives a repeated reliable message the same acknowledgment, one answer and one access", async () => {
    let accesses = 0;
    spine.simulator.events.on("access", () => (accesses += 1));
    const query = spine.prepare(known, { pattern: "reliable" });
    const first = await spine.send(query);
    const again = await spine.send(query);
    assert.deepEqual(again.body, first.body);
    await spine.acknowledged(1);
    await spine.send(spine.prepare(known, { pattern: "reliable" }));
    await spine.answer(2);
    assert.equal(spine.answers.length, 2);
    assert.equal(accesses, 1);
  });

  it("sends the answer to a reliable query with reliability elements", async () => {
    const answer = await answerTo({ pattern: "reliable" });
    assert.deepEqual(answer.reliability, reliabilityElements("reliable"));
  });

  it("checks the acknowledgments it gets and tells of them", async () => {
    const acknowledged = once(spine.simulator.events, "acknowledged");
    await answerTo({});
    const [event] = (await acknowledged) as SimulatorEvents["acknowledged"];
    assert.deepEqual({ status: event.status, faults: event.faults }, { status: 200, faults: [] });
  });
});
