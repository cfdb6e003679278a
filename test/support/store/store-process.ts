// A process that works on an embedded store and reports on its standard output what it was told is done.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { isCpisError } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { acceptNew, acceptOne, createTestProtection, inbound, outbound } from "./sample-messages.js";

function report(line: string): void {
  fs.writeSync(1, `${line}\n`);
}

/** Accepts, answers and transitions without end, many at once. */
async function acceptForever(store: MessageStore, prefix: string): Promise<never> {
  for (let round = 0; ; round += 1) {
    await Promise.all(
      Array.from({ length: 1 + (round % 9) }, async (_, index) => {
        const messageId = `${prefix}-${round}-${index}`;
        const content = Buffer.from(`${messageId} `.repeat(1 + ((round * 37) % 400)));
        const id = await acceptOne(store, outbound({ messageId, content, isOrdered: index % 2 === 0 }));
        report(`accepted ${messageId} ${content.byteLength}`);
        await acceptNew(store, inbound({ messageId: `${messageId}-ANSWER`, content, answers: { id } }));
        report(`answered ${messageId} ${content.byteLength}`);
      }),
    );
  }
}

async function untilRefused(store: MessageStore): Promise<void> {
  for (let number = 0; number < 10_000; number += 1) {
    const message = outbound({ messageId: `FULL-${number}`, content: Buffer.alloc(20_000, number) });
    try {
      await acceptOne(store, message);
    } catch (error) {
      report(`refused ${message.messageId} ${isCpisError(error) ? error.code : String(error)}`);
      return;
    }
    report(`accepted ${message.messageId} 20000`);
  }
}

/** Runs into the limit on file sizes that its starter has set, lifts it, and goes on with the same store. */
async function meetLimit(store: MessageStore): Promise<void> {
  await untilRefused(store);
  const health = await store.health();
  report(`health ${health.kind}`);
  execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited"]);
  await acceptOne(store, outbound({ messageId: "AFTER", content: Buffer.alloc(20_000) }));
  report("accepted AFTER 20000");
  await store.close();
}

async function main(): Promise<void> {
  const [task = "", folder = "", prefix = ""] = process.argv.slice(2);
  let store: MessageStore;
  try {
    store = await createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0 });
  } catch (error) {
    report(`failed ${isCpisError(error) ? error.code : String(error)}`);
    return;
  }
  report("opened");
  if (task === "accept") await acceptForever(store, prefix);
  else if (task === "limit") await meetLimit(store);
  else process.stdin.resume().on("end", () => void store.close());
}

void main();
