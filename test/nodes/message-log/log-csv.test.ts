// An export opens in a spreadsheet as what it is: text, however a peer has named its messages.
import assert from "node:assert/strict";
import type { LogMessage } from "../../../lib/services/message-log/message-log-model.js";
import { csvHead, csvLines } from "../../../nodes/message-log/log-csv.js";

const message: LogMessage = {
  id: 7,
  direction: "outbound",
  state: "failed",
  stateWords: "failed",
  interaction: "QUPC_IN000006GB01",
  interactionName: "CP-IS query",
  channel: "transport",
  messageId: "=HYPERLINK(1)",
  conversationId: 'a "quoted", one',
  createdAt: 0,
  updatedAt: 1000,
  attempts: 2,
  isDealtWith: false,
  contentBytes: 12,
  actions: [],
  error: { code: "EBXML_REFUSED", message: "", advice: "" },
};

describe("messages as CSV", () => {
  it("have a cell under each head", () => {
    const heads = csvHead.trimEnd().split(",");
    const cells = csvLines([{ ...message, conversationId: "plain" }])
      .trimEnd()
      .split(",");
    assert.equal(cells.length, heads.length);
    assert.equal(cells[heads.indexOf("accepted")], "1970-01-01T00:00:00.000Z");
    assert.equal(cells[heads.indexOf("error code")], "EBXML_REFUSED");
    assert.equal(cells[heads.indexOf("answered")], "");
  });

  it("are quoted where they must be, and no cell is a formula", () => {
    const line = csvLines([message]);
    assert.ok(line.includes(",'=HYPERLINK(1),"));
    assert.ok(line.includes(',"a ""quoted"", one",'));
  });
});
