// Nothing about a child of a local authority reaches a log line, a status, an error, msg.cpis, or a file in the clear.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { confirmNode, notificationNode, surroundings, uploadNode, type Way } from "../support/nodes/authority-flows.js";
import { clinician } from "../support/nodes/flows.js";
import { allBytes, allMessages } from "../support/nodes/message-store/stored.js";
import { NodeRed } from "../support/nodes/node-red.js";

const childNumber = "9990000093";
const markers = [
  childNumber,
  "999 000 0093",
  "9990003017",
  "MarkGiven",
  "MarkFamily",
  "MARK-LOCAL",
  "23/11/2019",
  "2019-11-23",
  "20191123",
  "MarkFreeText",
  "MarkKept",
];
const row = {
  nhsNumber: childNumber,
  localId: "MARK-LOCAL",
  givenName: "MarkGiven",
  familyName: "MarkFamily",
  birthDate: "23/11/2019",
  planType: "CPP",
  startDate: "03/11/2025 09:00",
};
const faultyRows: readonly unknown[] = [
  { ...row, nhsNumber: `${childNumber}1` },
  { ...row, startDate: "MarkFreeText" },
  { ...row, planType: "MarkFreeText", givenName: { MarkGiven: 1 } },
  { ...row, MarkFreeText: "MarkFamily", familyName: "" },
  { plans: [{ planType: "MarkFreeText" }], subjects: "MarkFamily" },
  "MarkFreeText",
];

function leaks(text: string): string[] {
  return markers.filter((marker) => text.toLowerCase().includes(marker.toLowerCase()));
}

/** A message but for what the flow itself asked for. */
function toldBy({ cpis, error }: NodeMessage & Record<string, unknown>): string {
  return JSON.stringify([cpis, error]);
}

for (const way of ["mesh", "ebxml"] as const satisfies readonly Way[]) {
  describe(`privacy of a local authority's nodes over ${way}`, () => {
    const nodeRed = new NodeRed();

    before(async () => {
      const flow = (change: object): readonly object[] => [
        ...surroundings,
        uploadNode(way, { keep: "topic, note", ...change }),
        notificationNode(way, { confirm: "by-flow" }),
        confirmNode,
      ];
      await nodeRed.start(flow({}));
      const message = (payload: unknown): NodeMessage =>
        Object.assign({ payload }, { topic: "MarkKept", note: "MarkKept" });
      const caught = (): number => nodeRed.messages("caught").length;
      for (const faulty of faultyRows) {
        const count = caught();
        nodeRed.send("upload", message([row, faulty]));
        await nodeRed.nextMessage("caught", count + 1);
      }
      nodeRed.send("upload", message([row, { ...row, nhsNumber: "9990003017", planType: "LAC" }]));
      await nodeRed.nextMessage("response");
      await nodeRed.nextMessage("refused", faultyRows.length + 1);
      nodeRed.send("query", { payload: childNumber, cpis: { user: clinician } });
      nodeRed.send("confirm", await nodeRed.nextMessage("access"));
      await nodeRed.nextMessage("confirmed");
      nodeRed.send("simulator", { payload: { command: "inactivate", nhsNumber: childNumber } });
      nodeRed.send("confirm", await nodeRed.nextMessage("inactive"));
      await nodeRed.nextMessage("confirmed", 2);
      const broken = { columns: { endDate: "gone" }, faultyRecords: "send-valid" };
      await nodeRed.deploy(flow(broken), "nodes");
      nodeRed.send("upload", message([row, ...faultyRows]));
      await nodeRed.nextMessage("response", 2);
      await nodeRed.halt();
    });
    after(async () => {
      await nodeRed.stop();
    });

    it("is really put to the test: the child was uploaded, found, notified and made inactive, and faults were told", () => {
      assert.equal(Reflect.get(nodeRed.messages("response")[0]?.payload as object, "outcome"), "partly-accepted");
      // CP-IS refuses one of the first file, and in the second the number that was made inactive.
      assert.equal(nodeRed.messages("refused").length, 2 * faultyRows.length + 2);
      assert.ok(leaks(JSON.stringify(nodeRed.messages("refused"))).length > 5);
      assert.ok(nodeRed.logs.some(({ text }) => text.includes("warning.columns")));
      assert.ok(nodeRed.logs.length > 30);
    });

    it("holds in every log line, at every level", () => {
      assert.deepEqual(
        nodeRed.logs.flatMap(({ text }) => leaks(text)),
        [],
      );
    });

    it("holds in every status", () => {
      assert.deepEqual(leaks(JSON.stringify(nodeRed.statuses)), []);
    });

    it("holds in every error and in msg.cpis", () => {
      for (const id of ["response", "refused", "access", "inactive", "confirmed", "caught"]) {
        assert.ok(nodeRed.messages(id).length > 0, id);
        assert.deepEqual(
          nodeRed.messages(id).flatMap((message) => leaks(toldBy(message))),
          [],
        );
      }
    });

    it("holds in every file that was written, the message store's above all", async () => {
      const messages = await allMessages(nodeRed.userFolder);
      assert.ok(messages.some(({ direction }) => direction === "inbound"));
      assert.deepEqual(leaks(JSON.stringify(messages)), []);
      assert.deepEqual(leaks(allBytes(nodeRed.userFolder)), []);
    });
  });
}
