// The `cp-is upload` node in a real runtime, with the simulated CP-IS at the other end of real sockets.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { NodeMessage } from "node-red";
import { encodeUploadResponse } from "../../../lib/cpis/upload/upload-response.js";
import type * as simulatorLink from "../../../nodes/adapter/transports/simulator-link.js";
import { root } from "../../support/nodes/editor-files.js";
import {
  filesTransport,
  notificationNode,
  row,
  surroundings,
  testNumbers,
  uploadNode,
  ways,
} from "../../support/nodes/authority-flows.js";
import { caughtError, cpisDetail, NodeRed } from "../../support/nodes/node-red.js";

// The nodes that run are the built ones, so their link is the built one as well.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const link = require(
  path.join(root, "dist", "nodes", "adapter", "transports", "simulator-link.js"),
) as typeof simulatorLink;

function simulatorOf(): simulatorLink.SpineSimulator {
  let simulator: simulatorLink.SpineSimulator | undefined;
  link.watchSimulator((offered) => (simulator = offered))();
  return simulator ?? assert.fail("no simulator runs");
}

const child = "9990000018";
const other = "9990000026";
const unknownToPds = "9990003017";

/** A property of the payload. */
function told(message: NodeMessage, name: string): unknown {
  return Reflect.get(message.payload as object, name);
}

function reasonCodes(message: NodeMessage): string[] {
  return (told(message, "reasons") as { code: string }[]).map(({ code }) => code);
}

for (const way of ways) {
  describe(`the cp-is upload node over ${way}`, () => {
    let nodeRed: NodeRed;

    beforeEach(() => {
      nodeRed = new NodeRed();
    });
    afterEach(async () => {
      await nodeRed.stop();
    });

    it("gives the response to its first output, with what was to be kept of the message", async () => {
      await nodeRed.start([...surroundings, uploadNode(way)]);
      const payload = [row(child), row(other, { planType: "LAC" })];
      nodeRed.send("upload", { payload, topic: "week 9", case: { batch: 7 }, dropped: true });
      const message = await nodeRed.nextMessage("response");
      assert.equal(told(message, "outcome"), "accepted");
      assert.deepEqual([told(message, "sent"), told(message, "accepted"), told(message, "warnings")], [2, 2, []]);
      assert.deepEqual([message.topic, message["case"], message["dropped"]], ["week 9", { batch: 7 }, undefined]);
      assert.deepEqual([cpisDetail(message, "fileSequence"), cpisDetail(message, "localAuthority")], ["1", "998"]);
      assert.equal(nodeRed.messages("refused").length + nodeRed.messages("caught").length, 0);
      await nodeRed.status("upload", "status.accepted");
    });

    it("sends the valid ones, and hands out each refused record with its own reason, found here or by CP-IS", async () => {
      await nodeRed.start([...surroundings, uploadNode(way, { faultyRecords: "send-valid" })]);
      const faulty = row("9990000019", { givenName: "" });
      const payload = [row(unknownToPds), faulty, row(child)];
      nodeRed.send("upload", { payload, topic: "mixed" });
      const found = await nodeRed.nextMessage("refused");
      assert.deepEqual([told(found, "stage"), told(found, "index"), found.topic], ["validation", 1, "mixed"]);
      assert.deepEqual(told(found, "input"), faulty);
      assert.ok(reasonCodes(found).length >= 2);
      const response = await nodeRed.nextMessage("response");
      const counts = ["outcome", "sent", "accepted", "refused"].map((name) => told(response, name));
      assert.deepEqual(counts, ["partly-accepted", 2, 1, 1]);
      const refused = await nodeRed.nextMessage("refused", 2);
      assert.deepEqual([told(refused, "stage"), told(refused, "index"), refused.topic], ["cp-is", 0, "mixed"]);
      assert.deepEqual([told(refused, "nhsNumber"), reasonCodes(refused)], [unknownToPds, ["CPR01"]]);
      assert.equal(cpisDetail(refused, "fileSequence"), "1");
      assert.equal(nodeRed.messages("refused").length, 2);
      await nodeRed.status("upload", "status.partlyAccepted");
    });

    it("tells that the whole file was not processed once, as its response, and takes the next number for the next", async () => {
      await nodeRed.start([...surroundings, uploadNode(way)]);
      await nodeRed.status("simulator", "listening");
      nodeRed.send("simulator", { payload: { command: "pds", outage: true } });
      nodeRed.send("upload", { payload: [row(child)] });
      const message = await nodeRed.nextMessage("response");
      assert.deepEqual([told(message, "outcome"), told(message, "refused")], ["file-refused", 1]);
      await nodeRed.status("upload", "status.fileRefused");
      nodeRed.send("simulator", { payload: { command: "pds", outage: false } });
      nodeRed.send("upload", { payload: row(child) });
      const next = await nodeRed.nextMessage("response", 2);
      assert.deepEqual([told(next, "outcome"), cpisDetail(next, "fileSequence")], ["accepted", "2"]);
      assert.equal(nodeRed.messages("refused").length + nodeRed.messages("caught").length, 0);
    });
  });
}

describe("the cp-is upload node", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  function fillOf(id: string): string | undefined {
    return nodeRed.statuses.findLast((entry) => entry.id === id)?.status.fill;
  }

  async function caughtCode(count: number): Promise<string> {
    return caughtError(await nodeRed.nextMessage("caught", count)).code;
  }

  it("gives the response to its own node of two, also when both were deployed anew meanwhile", async () => {
    const second = { id: "upload-2", wires: [["unknown"], ["unknown"]] };
    const flow = (name: string): object[] => [
      ...surroundings,
      uploadNode("mesh", { ...second, name }),
      uploadNode("mesh", { name }),
    ];
    await nodeRed.start(flow("before"));
    nodeRed.send("upload", { payload: [row(child)], topic: "first" });
    nodeRed.send("upload-2", { payload: [row(other)], topic: "second" });
    await nodeRed.status("upload", "cp-is-upload.status.waiting");
    await nodeRed.status("upload-2", "cp-is-upload.status.waiting");
    await nodeRed.deploy(flow("after"), "nodes");
    assert.equal((await nodeRed.nextMessage("response")).topic, "first");
    assert.equal((await nodeRed.nextMessage("unknown")).topic, "second");
    assert.equal(nodeRed.messages("response").length + nodeRed.messages("unknown").length, 2);
  });

  it("gives a response that came while it was away after a restart of Node-RED", async () => {
    // It keeps the transport open.
    const neighbour = notificationNode("mesh");
    await nodeRed.start([...surroundings, uploadNode("mesh"), neighbour]);
    nodeRed.send("upload", { payload: [row(child)], topic: "kept", case: [1, 2] });
    await nodeRed.status("upload", "cp-is-upload.status.waiting");
    await nodeRed.deploy([...surroundings, neighbour], "nodes");
    await nodeRed.logged("FileResponse");
    await nodeRed.halt();
    await nodeRed.start([...surroundings, uploadNode("mesh")]);
    const message = await nodeRed.nextMessage("response");
    assert.deepEqual([told(message, "outcome"), message.topic, message["case"]], ["accepted", "kept", [1, 2]]);
    nodeRed.send("upload", { payload: [row(child)] });
    assert.equal(cpisDetail(await nodeRed.nextMessage("response", 2), "fileSequence"), "2");
  });

  it("refuses a file with one faulty record in ten thousand, and names it exactly", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml")]);
    const payload = testNumbers(10_000).map((number) => row(number));
    payload[6543] = row(child, { localId: "L6543", startDate: "31/02/2026" });
    nodeRed.send("upload", { payload, topic: "big" });
    const refused = await nodeRed.nextMessage("refused");
    assert.deepEqual([told(refused, "index"), refused.topic], [6543, "big"]);
    const { code, message } = caughtError(await nodeRed.nextMessage("caught"));
    assert.equal(code, "CPIS_UPLOAD_INVALID");
    assert.match(message, /1 of 10000, the first has index 6543/);
    assert.equal(nodeRed.messages("refused").length, 1);
    await nodeRed.status("upload", "status.failed");
    nodeRed.send("upload", { payload: [row(child)] });
    assert.equal(cpisDetail(await nodeRed.nextMessage("response"), "fileSequence"), "1");
  });

  it("takes the rows of the core CSV node, with the columns and words of a case system", async () => {
    const csv = {
      id: "csv",
      type: "csv",
      z: "tab",
      x: 100,
      y: 100,
      spec: "rfc",
      sep: ",",
      hdrin: true,
      hdrout: "none",
      multi: "mult",
      ret: "\\n",
      temp: "",
      skip: "0",
      strings: true,
      include_empty_strings: "",
      include_null_values: "",
      wires: [["upload"]],
    };
    const columns = { localId: "Case no", planType: "Category", startDate: "Plan begun", endDate: "Plan, ended" };
    const node = uploadNode("ebxml", { columns, wordsProtection: "Cat A, Cat B" });
    await nodeRed.start([...surroundings, csv, node]);
    const text = [
      'NHS No,Case no,Forename,Surname,Date of birth,Category,Plan begun,"Plan, ended"',
      "999 000 0018,C-1,Ann,Example,14/03/2016,Cat A,3/11/2025,",
      "9990000026,0012,Sam,Sample,2/1/2017,LAC,2025-11-03 10:00,3/2/2026",
    ].join("\n");
    nodeRed.send("csv", { payload: text, topic: "export" });
    const message = await nodeRed.nextMessage("response");
    assert.deepEqual([told(message, "outcome"), told(message, "warnings"), message.topic], ["accepted", [], "export"]);
    const records = told(message, "records") as { localId: string; accepted: boolean }[];
    assert.deepEqual(
      records.map(({ localId }) => localId),
      ["C-1", "0012"],
    );
    assert.deepEqual(
      nodeRed.logs.filter(({ text: line }) => line.includes("warning.columns")),
      [],
    );
  });

  const caseSystem = {
    columns: {
      nhsNumber: "NHS",
      localId: "Person ID",
      givenName: "First Name",
      familyName: "Last Name",
      birthDate: "DoB",
      planType: "Plan Category",
      startDate: "Start",
      endDate: "End",
    },
    wordsProtection: "CP Plan",
    wordsLookedAfter: "Looked After, Section 20",
    wordsUnborn: "Unborn Baby",
    faultyRecords: "send-valid",
  };
  const rows = {
    ...{ id: "csv", type: "csv", z: "tab", x: 100, y: 100, spec: "rfc", sep: ",", hdrin: true, hdrout: "none" },
    ...{ multi: "mult", ret: "\\n", temp: "", skip: "0", strings: false, wires: [["upload"]] },
    ...{ include_empty_strings: "", include_null_values: "" },
  };

  it("never calls an upload accepted while children were left out, in words, counts and status, after a restart too", async () => {
    const flow = [...surroundings, rows, uploadNode("mesh", caseSystem)];
    await nodeRed.start(flow);
    const file = path.join(root, "test", "vectors", "cpis", "case-system-export.csv");
    nodeRed.send("csv", { payload: fs.readFileSync(file, "utf8"), topic: "export" });
    const message = await nodeRed.nextMessage("response");
    assert.deepEqual(
      ["outcome", "given", "notSent", "sent", "accepted", "refused"].map((name) => told(message, name)),
      ["partly-accepted", 8, 5, 3, 3, 0],
    );
    assert.doesNotMatch(JSON.stringify(message.payload), /Nothing need be done/);
    const refused = nodeRed.messages("refused");
    assert.deepEqual(
      refused.map((one) => [told(one, "index"), told(one, "localId"), reasonCodes(one)[0]]),
      [
        [2, "203", "upload.date-two-digit-year"],
        [3, "204", "upload.birth-date-missing"],
        [4, "205", "upload.nhs-number-invalid"],
        [6, "201", "upload.duplicate-record"],
        [7, "207", "upload.date-not-real"],
      ],
    );
    assert.ok(refused.every((one) => typeof told(one, "nhsNumber") === "string"));
    await nodeRed.status("upload", "status.partNotSent");
    assert.equal(fillOf("upload"), "red");
    await nodeRed.halt();
    nodeRed.statuses.length = 0;
    await nodeRed.start(flow);
    await nodeRed.status("upload", "status.partNotSent");
    assert.equal(fillOf("upload"), "red");
  });

  it("warns of a response to a file that it does not know", async () => {
    await nodeRed.start([...surroundings, uploadNode("mesh")]);
    await nodeRed.status("upload", "lastSuccess");
    const { mesh } = simulatorOf();
    const answer = encodeUploadResponse({
      fileId: "77",
      fileResults: [{ code: "CPF02" }],
      localAuthority: { code: "998", name: "LONDON BOROUGH OF EXAMPLE", emergencyDutyTelephone: "01632960998" },
      ...{ recordsProcessed: 1, successful: 1, failed: 0, unlinkedResults: [], records: [] },
    });
    const to = mesh.findMailbox("998")?.mailbox ?? "";
    const delivery = { to, workflowId: mesh.workflowIds.response, content: Buffer.from(answer) };
    mesh.deliver({ ...delivery, from: mesh.cpisMailbox });
    const message = await nodeRed.nextMessage("response");
    assert.equal(told(message, "outcome"), "unknown-file");
    await nodeRed.status("upload", "status.unknownFile");
    assert.equal(fillOf("upload"), "red");
    await nodeRed.logged("warning.unknownFile");
    assert.equal(cpisDetail(message, "from"), mesh.cpisMailbox);
  });

  it("warns loudly of a column that the settings name and no row has", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml", { columns: { endDate: "Plan endde" } })]);
    nodeRed.send("upload", { payload: [row(child, { "Plan ended": "" })] });
    const message = await nodeRed.nextMessage("response");
    await nodeRed.logged("warning.columns");
    const warnings = told(message, "warnings") as { code: string; message: string }[];
    assert.deepEqual(
      warnings.map(({ code, message: text }) => [code, text]),
      [["column-not-seen", 'No row of the upload had the column "Plan endde"']],
    );
  });

  it("warns once when each row comes as a message of its own", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml")]);
    for (const [index, number] of [child, other].entries()) {
      nodeRed.send("upload", { payload: row(number), parts: { id: "one", index, count: 2 } });
    }
    await nodeRed.nextMessage("response", 2);
    assert.equal(nodeRed.logs.filter(({ text }) => text.includes("warning.rowByRow")).length, 1);
  });

  it("leaves out and names what cannot be kept, and sends the file", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml", { keep: "topic, loop, payload" })]);
    const loop: { self?: object } = {};
    loop.self = loop;
    nodeRed.send("upload", { payload: [row(child)], topic: "kept", loop });
    const message = await nodeRed.nextMessage("response");
    assert.deepEqual([message.topic, message["loop"]], ["kept", undefined]);
    await nodeRed.logged("warning.notKept");
  });

  it("takes a number that the message gives, and none that was used before", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml", { firstNumber: "40", listRecords: false })]);
    nodeRed.send("upload", { payload: [row(child)], cpis: { fileSequence: "57" } });
    const message = await nodeRed.nextMessage("response");
    assert.deepEqual([cpisDetail(message, "fileSequence"), told(message, "records")], ["57", []]);
    for (const [index, fileSequence] of [57, 12, 1.5, "soon"].entries()) {
      nodeRed.send("upload", { payload: [row(child)], cpis: { fileSequence } });
      assert.equal(await caughtCode(index + 1), "CPIS_UPLOAD_NUMBER_USED");
    }
    nodeRed.send("upload", { payload: [row(child)] });
    assert.equal(cpisDetail(await nodeRed.nextMessage("response", 2), "fileSequence"), "58");
  });

  it("tells a Catch node of what holds no records, and of a file that is not delivered", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml")]);
    for (const [index, payload] of [[], "text", 7, null, Buffer.from("x")].entries()) {
      nodeRed.send("upload", { payload });
      assert.equal(await caughtCode(index + 1), "CPIS_UPLOAD_EMPTY");
    }
    nodeRed.send("upload", { payload: ["text"] });
    assert.equal(await caughtCode(6), "CPIS_UPLOAD_INVALID");
    nodeRed.send("simulator", {
      payload: { command: "injectFault", fault: { kind: "ebxmlError", code: "SecurityFailure" }, times: 1 },
    });
    nodeRed.send("upload", { payload: [row(child)], topic: "lost" });
    const message = await nodeRed.nextMessage("caught", 7);
    assert.match(caughtError(message).code, /^EBXML_/);
    assert.deepEqual([message.topic, cpisDetail(message, "fileSequence")], ["lost", "1"]);
    await nodeRed.status("upload", "status.undelivered");
    assert.equal(nodeRed.messages("response").length, 0);
  });

  it("ends the check of a long file when the flows are stopped, and sends nothing of it", async () => {
    await nodeRed.start([...surroundings, uploadNode("ebxml")]);
    await nodeRed.status("upload", "listening");
    nodeRed.send("upload", { payload: testNumbers(50_000).map((number) => row(number)) });
    await nodeRed.deploy([...surroundings, uploadNode("ebxml", { name: "again" })], "nodes");
    assert.deepEqual(
      nodeRed.completions.filter(({ id }) => id === "upload").map(({ code }) => code),
      ["CONFIG_CLOSED"],
    );
    nodeRed.send("upload", { payload: [row(child)] });
    assert.equal(cpisDetail(await nodeRed.nextMessage("response"), "fileSequence"), "1");
  });

  it("answers each input with what is wrong with its settings or its transport", async () => {
    const mesh = (change: object): object => uploadNode("mesh", change);
    const ebxml = (change: object): object => uploadNode("ebxml", change);
    const without = surroundings.filter((node) => node !== filesTransport);

    const broken: readonly (readonly [readonly object[], string, RegExp])[] = [
      [[...surroundings, mesh({ meshTransport: "" })], "CONFIG_MISSING", /field\.meshTransport/],
      [[...surroundings, mesh({ meshTransport: "query" })], "CONFIG_MISSING", /field\.meshTransport/],
      [[...surroundings, ebxml({ ebxmlTransport: "transport" })], "CONFIG_INVALID", /noFiles/],
      [[...without, { ...filesTransport, asid: "12" }, ebxml({})], "CONFIG_INVALID", /asid/],
      [[...without, { ...filesTransport, d: true }, ebxml({})], "CONFIG_MISSING", /field\.ebxmlTransport/],
      [[...surroundings, ebxml({ emergencyDutyTelephone: "" })], "CONFIG_MISSING", /emergencyDutyTelephone/],
      [[...surroundings, ebxml({ officeHoursTelephone: "ask Ann" })], "CONFIG_INVALID", /officeHoursTelephone/],
      [[...surroundings, ebxml({ columns: "all" })], "CONFIG_INVALID", /field\.columns/],
      [[...surroundings, ebxml({ dateForm: "any" })], "CONFIG_INVALID", /field\.dateForm/],
    ];
    await nodeRed.start(broken[0]![0]);
    for (const [index, [flow, code, text]] of broken.entries()) {
      if (index > 0) await nodeRed.deploy(flow);
      nodeRed.send("upload", { payload: [row(child)] });
      await nodeRed.until("the error", () => nodeRed.messages("caught").length === index + 1);
      const error = caughtError(nodeRed.messages("caught")[index]!);
      assert.equal(error.code, code);
      assert.match(error.message, text);
      assert.equal(nodeRed.statuses.findLast(({ id }) => id === "upload")?.status.fill, "red");
    }
  });
});
