// Starts a mailbox, and tries again while MESH or the folders cannot be used: seldom, for MESH must not be pressed.
import type { CpisError } from "../../lib/errors.js";
import type { MeshMailbox } from "../../lib/mesh/model.js";
import { afterDelay, type AfterDelay } from "../adapter/runtime/after-delay.js";
import { toCpisError } from "../adapter/runtime/run-input.js";

export interface MailboxStartOptions {
  readonly mailbox: Pick<MeshMailbox, "start">;
  /** After a failure that may pass by itself; afterwards twice as long each time, up to five minutes. */
  readonly retryMilliseconds: number;
  started(): void;
  failed(error: CpisError): void;
  /** Passed in by tests. */
  readonly after?: AfterDelay;
}

const longestRetryMilliseconds = 5 * 60_000;
/** Credentials that are refused may be registered later, but asking often would look like an attack. */
const afterRefusalMilliseconds = 5 * 60_000;
const longestAfterRefusalMilliseconds = 60 * 60_000;

/** Gives what stops it: what is under way then ends unheard, as the mailbox is closed. */
export function startMailbox(options: MailboxStartOptions): () => void {
  const after = options.after ?? afterDelay;
  let isStopped = false;
  let cancel: (() => void) | undefined;
  let delay = options.retryMilliseconds;
  let refusalDelay = afterRefusalMilliseconds;

  function retryAfter(error: CpisError): void {
    options.failed(error);
    if (error.code.startsWith("CONFIG_")) return;
    cancel = after(error.retryable ? delay : refusalDelay, () => void attempt());
    if (error.retryable) delay = Math.min(delay * 2, longestRetryMilliseconds);
    else refusalDelay = Math.min(refusalDelay * 2, longestAfterRefusalMilliseconds);
  }

  async function attempt(): Promise<void> {
    const failure = await options.mailbox.start().then(
      () => undefined,
      (reason: unknown) => toCpisError(reason),
    );
    if (isStopped) return;
    if (failure === undefined) options.started();
    else retryAfter(failure);
  }

  void attempt();
  return () => {
    isStopped = true;
    cancel?.();
  };
}
