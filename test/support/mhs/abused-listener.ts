// A listener in a process of its own, so that its memory can be measured while another process abuses it.
import { EventEmitter } from "node:events";
import { createReplier } from "../../../lib/mhs/inbound/inbound-replies.js";
import { createListener, type Listener } from "../../../lib/mhs/listener/listener.js";
import { createMemoryIntake } from "../../../lib/mhs/inbound/message-intake.js";
import type { MhsEvents } from "../../../lib/mhs/model.js";
import { createMessageReceiver } from "../../../lib/mhs/inbound/receive-message.js";
import { createRequestDesk } from "../../../lib/mhs/request/pending-requests.js";
import { createMemoryInboundRegister } from "../../../lib/store/memory-inbound-register.js";
import { newId, ownParty } from "./peer.js";

/** What the test asks of this process. */
export type Command =
  | { readonly kind: "open"; readonly key: string; readonly cert: string; readonly ca: string }
  | { readonly kind: "measure" }
  | { readonly kind: "close" };

/** What this process tells, one report for each command. */
export type Report =
  | { readonly kind: "opened"; readonly port: number }
  | { readonly kind: "measured"; readonly bytes: number; readonly connections: number; readonly refused: number }
  | { readonly kind: "closed" };

let listener: Listener | undefined;
let refused = 0;

async function open(tls: Extract<Command, { kind: "open" }>): Promise<Report> {
  const effects = { now: () => Date.now(), newUuid: () => newId() };
  const events = new EventEmitter<MhsEvents>();
  events.on("refused", () => (refused += 1));
  const ownPartyModel = { partyKey: ownParty };
  const receive = createMessageReceiver({
    rules: { ownParty: ownPartyModel },
    replier: createReplier({ ownParty: ownPartyModel, effects, ackWhenNotRequested: true }),
    intake: createMemoryIntake({
      register: createMemoryInboundRegister(effects),
      desk: createRequestDesk({ now: effects.now, events }),
      claimMilliseconds: 1_000,
    }),
    events,
    now: effects.now,
  });
  const limits = { handshakeMilliseconds: 500, headersMilliseconds: 500, requestMilliseconds: 500 };
  const { key, cert, ca } = tls;
  const options = { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls: { key, cert, ca }, limits };
  listener = createListener(options, { receive, events });
  return { kind: "opened", port: await listener.open() };
}

function measure(): Report {
  if (gc === undefined) throw new Error("run with --expose-gc");
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return { kind: "measured", bytes: heapUsed + external, connections: listener?.connectionCount() ?? 0, refused };
}

async function obey(command: Command): Promise<Report> {
  switch (command.kind) {
    case "open":
      return open(command);
    case "measure":
      return measure();
    case "close":
      await listener?.close();
      return { kind: "closed" };
  }
}

process.on("message", (command: Command) => {
  void obey(command).then((report) => {
    process.send?.(report);
    if (report.kind === "closed") process.disconnect();
  });
});
