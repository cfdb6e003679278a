// A listener in a process of its own, so that its memory can be measured while another process abuses it.
import { createListener, type Listener, type ListenerOptions } from "../../../lib/mhs/listener/listener.js";
import { createMemoryStore } from "../store/sqlite-place.js";
import { createReceiverOn } from "./receiving.js";

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
  const { receive, events } = createReceiverOn(await createMemoryStore(), { clock: () => Date.now() });
  events.on("refused", () => (refused += 1));
  const limits = { handshakeMilliseconds: 500, headersMilliseconds: 500, requestMilliseconds: 500 };
  const { key, cert, ca } = tls;
  const options: ListenerOptions = {
    host: "127.0.0.1",
    port: 0,
    path: "/mhs/ebxml",
    tls: { key, cert, ca },
    clientNames: "any",
    limits,
  };
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
