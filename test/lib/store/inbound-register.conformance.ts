// What every register of inbound messages promises, whatever it keeps them in.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { InboundClaim, InboundKey, InboundRegister, StoredReply } from "../../../lib/store/inbound-register.js";

export interface RegisterUnderTest {
  readonly register: InboundRegister;
  /** Moves the register's clock. */
  advance(milliseconds: number): void;
}

export interface RegisterSettings {
  readonly windowMilliseconds: number;
  readonly maximumEntries: number;
}

type OpenClaim = Extract<InboundClaim, { kind: "new" }>;
type Duplicate = Extract<InboundClaim, { kind: "duplicate" }>;

const settings: RegisterSettings = { windowMilliseconds: 60_000, maximumEntries: 10 };

function key(messageId: string, fromPartyKey = "ZSP-0000001"): InboundKey {
  return { fromPartyKey, messageId };
}

function reply(text: string): StoredReply {
  return { status: 200, contentType: "text/xml; charset=UTF-8", body: Buffer.from(text) };
}

function asNew(claim: InboundClaim): OpenClaim {
  if (claim.kind !== "new") assert.fail("the claim is a duplicate");
  return claim;
}

function asDuplicate(claim: InboundClaim): Duplicate {
  if (claim.kind !== "duplicate") assert.fail("the claim is new");
  return claim;
}

async function acceptNew(register: InboundRegister, inboundKey: InboundKey, text = "reply"): Promise<void> {
  await asNew(await register.claim(inboundKey, "digest")).accept(reply(text));
}

/** Whether the promise is settled once everything that is ready to run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  return settled;
}

/** Describes the suite for one kind of register; `create` gives an empty one with the settings asked for. */
export function describeInboundRegister(
  name: string,
  create: (settings: RegisterSettings) => Promise<RegisterUnderTest>,
): void {
  describe(`${name} as a register of inbound messages`, () => {
    let tested: RegisterUnderTest;
    let register: InboundRegister;

    beforeEach(async () => {
      tested = await create(settings);
      register = tested.register;
    });

    afterEach(async () => {
      await register.close();
    });

    it("gives a repeated message the very bytes of the first reply", async () => {
      const first = { status: 202, contentType: "text/xml", body: Buffer.from([0, 13, 10, 0xc3, 0xab, 255]) };
      await asNew(await register.claim(key("A"), "digest")).accept(first);
      const again = asDuplicate(await register.claim(key("A"), "digest"));
      assert.deepEqual(again.reply, first);
      assert.equal(again.isSameBody, true);
    });

    it("keeps its own copy of the reply", async () => {
      const first = reply("before");
      await asNew(await register.claim(key("A"), "digest")).accept(first);
      first.body.fill("x");
      assert.equal(asDuplicate(await register.claim(key("A"), "digest")).reply.body.toString(), "before");
    });

    it("says when a repeated message id comes with another body", async () => {
      await acceptNew(register, key("A"));
      assert.equal(asDuplicate(await register.claim(key("A"), "another")).isSameBody, false);
    });

    it("keeps the messages of two senders apart", async () => {
      await acceptNew(register, key("A", "ZSP-0000001"));
      assert.equal((await register.claim(key("A", "ZSP-0000002"), "digest")).kind, "new");
    });

    it("does not mistake one pair of sender and id for another that reads the same when joined", async () => {
      await acceptNew(register, key("B-C", "A"));
      assert.equal((await register.claim(key("C", "A-B"), "digest")).kind, "new");
    });

    it("forgets a message that was released: it is judged anew", async () => {
      await asNew(await register.claim(key("A"), "digest")).release();
      assert.equal((await register.claim(key("A"), "digest")).kind, "new");
    });

    it("lets a second copy wait for the first and gives it the same reply", async () => {
      const first = asNew(await register.claim(key("A"), "digest"));
      const second = register.claim(key("A"), "digest");
      assert.equal(await isSettled(second), false);
      await first.accept(reply("only once"));
      assert.equal(asDuplicate(await second).reply.body.toString(), "only once");
    });

    it("hands the turn to exactly one of the waiting copies when the first is released", async () => {
      const first = asNew(await register.claim(key("A"), "digest"));
      const waiting = [register.claim(key("A"), "digest"), register.claim(key("A"), "digest")];
      await first.release();
      const next = asNew(await Promise.race(waiting));
      assert.deepEqual(await Promise.all(waiting.map(isSettled)), [true, false]);
      await next.accept(reply("second try"));
      const claims = await Promise.all(waiting);
      assert.deepEqual(claims.map((claim) => claim.kind).sort(), ["duplicate", "new"]);
    });

    it("does not let different messages wait for each other", async () => {
      asNew(await register.claim(key("A"), "digest"));
      assert.equal((await register.claim(key("B"), "digest")).kind, "new");
    });

    it("ignores a release after the acceptance", async () => {
      const claim = asNew(await register.claim(key("A"), "digest"));
      await claim.accept(reply("kept"));
      await claim.release();
      assert.equal((await register.claim(key("A"), "digest")).kind, "duplicate");
    });

    it("remembers a message to the end of the window and not beyond", async () => {
      await acceptNew(register, key("A"));
      tested.advance(settings.windowMilliseconds - 1);
      assert.equal((await register.claim(key("A"), "digest")).kind, "duplicate");
      tested.advance(1);
      assert.equal((await register.claim(key("A"), "digest")).kind, "new");
    });

    it("does not prolong the window of a message by its repetition", async () => {
      await acceptNew(register, key("A"));
      tested.advance(settings.windowMilliseconds / 2);
      asDuplicate(await register.claim(key("A"), "digest"));
      tested.advance(settings.windowMilliseconds / 2);
      assert.equal((await register.claim(key("A"), "digest")).kind, "new");
    });

    it("refuses claims once it is closed", async () => {
      await register.close();
      await assert.rejects(register.claim(key("A"), "digest"), { code: "CONFIG_CLOSED" });
    });

    it("does not leave a claim waiting when it is closed", async () => {
      asNew(await register.claim(key("A"), "digest"));
      const waiting = register.claim(key("A"), "digest");
      const refused = assert.rejects(waiting, { code: "CONFIG_CLOSED" });
      await register.close();
      await refused;
    });
  });
}
