// Uploads of local authorities over ebXML, and the notifications that go to an ebXML party.
import assert from "node:assert/strict";
import { once } from "node:events";
import { parseUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import type { BusinessMessage } from "../../../../lib/ebxml/model.js";
import { classifyReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import type { SimulatedEbxmlPattern } from "../../../../lib/simulator/index.js";
import { fileOf, recordOf } from "../../../support/simulator/authority-client.js";
import { prepareMessage, type PreparedMessage } from "../../../support/simulator/business-message.js";
import {
  asid,
  openTestSpine,
  partyCpaId,
  partyKey,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const service = "urn:nhs:names:services:cpisupload";
const action = "REPC_IN000002SM01";
const nhsNumber = "9990000018";

describe("An upload to the simulator over ebXML", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine({ mesh: false });
    spine.simulator.registerParty({ partyKey, asid, cpaId: partyCpaId, answerUrl: spine.answerUrl, odsCode: "999" });
  });
  afterEach(() => spine.close());

  const prepare = (
    pattern: SimulatedEbxmlPattern,
    payload = fileOf([recordOf(nhsNumber)], { fileId: "7" }),
  ): PreparedMessage => prepareMessage(spine, { service, action, pattern, payload });
  const businessAnswer = async (): Promise<BusinessMessage> => {
    for (let count = 1; ; count += 1) {
      const answer = await spine.answer(count);
      if (answer.kind === "message") return answer;
    }
  };

  for (const pattern of ["reliable", "forwardReliable", "express"] as const) {
    it(`is taken in the ${pattern} pattern, and answered by a message of its own in the same conversation`, async () => {
      const upload = prepare(pattern);
      const reply = await upload.send();
      assert.equal(reply.status, 202);
      const kind = classifyReplyBody({ contentType: "text/xml", body: reply.body }).kind;
      assert.equal(kind, pattern === "reliable" ? "acknowledgment" : "empty");
      const answer = await businessAnswer();
      const { header, reliability } = answer;
      assert.deepEqual([header.service, header.action], [service, "REPC_IN000003GB01"]);
      assert.equal(header.refToMessageId, upload.messageId);
      assert.equal(header.conversationId, upload.message.header.conversationId);
      assert.equal(reliability.ackRequested, pattern === "forwardReliable" ? "nextMSH" : "toPartyMSH");
      const response = parseUploadResponse(answer.payload ?? Buffer.alloc(0));
      assert.deepEqual([response.fileId, response.fileResults[0]?.code, response.successful], ["7", "CPF02", 1]);
      assert.equal(spine.simulator.register.find(nhsNumber)?.plans.length, 1);
    });
  }

  it("takes effect once, and is answered once, however often it is sent", async () => {
    const upload = prepare("reliable");
    const events: unknown[] = [];
    spine.simulator.events.on("upload", (event) => events.push(event));
    await upload.send();
    await businessAnswer();
    await upload.send();
    await prepare("reliable", fileOf([recordOf("9990000026")], { fileId: "8" })).send();
    await spine.answer(2);
    assert.equal(events.length, 2);
  });

  it("that is small does not overtake a large one before it", async () => {
    const told: unknown[] = [];
    spine.simulator.events.on("upload", ({ fileId }) => told.push(fileId));
    const padding = " ".repeat(3_000_000);
    const large = fileOf([recordOf(nhsNumber)], { fileId: "1" }).replace("<record>", `${padding}<record>`);
    await prepare("reliable", large).send();
    await prepare("reliable", fileOf([recordOf(nhsNumber, { endDate: "2026-10-01T00:00" })], { fileId: "2" })).send();
    await spine.answer(2);
    assert.deepEqual(told, ["1", "2"]);
  });

  it("that is no upload by its form is answered with CPF01 and file id -1", async () => {
    const [event] = await Promise.all([once(spine.simulator.events, "upload"), prepare("reliable", "<Other/>").send()]);
    const response = parseUploadResponse((await businessAnswer()).payload ?? Buffer.alloc(0));
    assert.equal(response.fileResults[0]?.code, "CPF01");
    assert.equal(response.fileId, undefined);
    assert.equal(response.localAuthority?.code, "999");
    assert.equal((event as { fileCode: string }[])[0]?.fileCode, "CPF01");
  });

  it("says that there is no MESH when it runs without", () => {
    assert.throws(() => spine.simulator.mesh, /without MESH/);
  });
});
