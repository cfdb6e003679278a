import assert from "node:assert/strict";
import { createMemoryInboundRegister } from "../../../lib/store/memory-inbound-register.js";
import { describeInboundRegister } from "./inbound-register.conformance.js";

describeInboundRegister("the memory register", (settings) => {
  let time = 1_000_000;
  const register = createMemoryInboundRegister({ now: () => time, ...settings });
  const advance = (milliseconds: number): void => {
    time += milliseconds;
  };
  return Promise.resolve({ register, advance });
});

describe("createMemoryInboundRegister", () => {
  it("forgets the oldest message when it holds as many as it may", async () => {
    const register = createMemoryInboundRegister({ now: () => 0, maximumEntries: 3 });
    const kindOf = async (messageId: string): Promise<string> => {
      const claim = await register.claim({ fromPartyKey: "A", messageId }, "digest");
      if (claim.kind === "new") await claim.release();
      return claim.kind;
    };
    for (const messageId of ["1", "2", "3", "4"]) {
      const claim = await register.claim({ fromPartyKey: "A", messageId }, "digest");
      if (claim.kind === "new") await claim.accept({ status: 202, contentType: "text/xml", body: Buffer.alloc(0) });
    }
    assert.deepEqual(await Promise.all(["1", "2", "3", "4"].map(kindOf)), [
      "new",
      "duplicate",
      "duplicate",
      "duplicate",
    ]);
    await register.close();
  });

  it("remembers for 24 hours unless told otherwise", async () => {
    let time = 0;
    const register = createMemoryInboundRegister({ now: () => time });
    const claim = await register.claim({ fromPartyKey: "A", messageId: "1" }, "digest");
    if (claim.kind === "new") await claim.accept({ status: 202, contentType: "text/xml", body: Buffer.alloc(0) });
    time = 24 * 3_600_000 - 1;
    assert.equal((await register.claim({ fromPartyKey: "A", messageId: "1" }, "digest")).kind, "duplicate");
    time += 1;
    assert.equal((await register.claim({ fromPartyKey: "A", messageId: "1" }, "digest")).kind, "new");
    await register.close();
  });
});
