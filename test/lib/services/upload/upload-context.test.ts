// What is kept with an upload, and the way back from a place in the file to one in the input.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  earlierConversationOf,
  encodeUploadContext,
  inputIndexes,
  readUploadContext,
} from "../../../../lib/services/upload/upload-context.js";

describe("the context of an upload", () => {
  it("comes back as it was kept", () => {
    const context = { kept: { _msgid: "1", caseFile: "Ä" }, leftOut: [3, 5] };
    assert.deepEqual(readUploadContext(encodeUploadContext(context)), context);
    assert.throws(() => readUploadContext(Buffer.from("no context")), { code: "STORE_CORRUPT" });
  });

  it("is refused when it is larger than could be given back", () => {
    const kept = "x".repeat(64 * 1024 * 1024);
    assert.throws(() => encodeUploadContext({ kept, leftOut: [] }), { code: "CONFIG_INVALID" });
  });

  it("leads from the place of a record in the file to its place in the input, whatever was left out", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (isSent) => {
        const indexes = isSent.map((_, index) => index);
        const indexOf = inputIndexes(indexes.filter((index) => isSent[index] !== true));
        const sent = indexes.filter((index) => isSent[index]);
        assert.deepEqual(
          sent.map((_, position) => indexOf(position)),
          sent,
        );
      }),
    );
  });

  it("had one conversation id for each file in earlier versions, of the form of a UUID", () => {
    const id = earlierConversationOf("999", 42);
    assert.match(id, /^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
    assert.equal(earlierConversationOf("999", 42), id);
    assert.notEqual(earlierConversationOf("999", 43), id);
    assert.notEqual(earlierConversationOf("998", 42), id);
  });
});
