// Lets a node work with a transport while it is open, and again after the transport was closed and opened anew.
import type { Node } from "node-red";
import { onSimulatorReset } from "./simulator-link.js";
import type { Transport, TransportReport } from "./transport-state.js";

export interface SessionFollower<Open> {
  /** The transport's state, as it changes. */
  report(report: TransportReport): void;
  /** Called once for each time span in which the transport is open; gives what ends the node's work in it. */
  opened(open: Open): () => Promise<void>;
  /** The simulator behind the transport has forgotten everything: no result that is shown holds any longer. */
  forgotten(): void;
}

/** States in which there is a session; what else there is has none. */
function isOpen({ state }: TransportReport): boolean {
  return !["closed", "opening", "waiting-for-simulator", "failed"].includes(state.kind);
}

interface Span<Open> {
  readonly open: Open;
  readonly end: () => Promise<void>;
}

/** Makes the node a user of the transport. Gives what ends that, once the node's work in the session has ended. */
export function followSessions<Open>(
  transport: Transport<Open>,
  node: Node,
  follower: SessionFollower<Open>,
): () => Promise<void> {
  const closing = new AbortController();
  let span: Span<Open> | undefined;
  let steps = Promise.resolve();

  async function settle(wantsOpen: boolean): Promise<void> {
    const open = wantsOpen && !closing.signal.aborted ? await transport.whenOpen(closing.signal) : undefined;
    if (span !== undefined && span.open === open) return;
    const ending = span;
    span = undefined;
    await ending?.end();
    if (open !== undefined && !closing.signal.aborted) span = { open, end: follower.opened(open) };
  }

  function step(wantsOpen: boolean): Promise<void> {
    // A transport that could not open after all says so in its next report.
    steps = steps.then(() => settle(wantsOpen)).catch(() => undefined);
    return steps;
  }

  transport.addUser(node, (report) => {
    follower.report(report);
    void step(isOpen(report));
  });
  const stopListening = transport.isSimulated ? onSimulatorReset(() => follower.forgotten()) : undefined;
  return async () => {
    stopListening?.();
    closing.abort();
    await step(false);
    await transport.removeUser(node);
  };
}
