// How an open mailbox is: what its store, MESH and the last look into it say together.
import { CpisError, errorTable, type ErrorCode } from "../../lib/errors.js";
import type { MeshMailbox } from "../../lib/mesh/model.js";
import type { StoreCondition } from "../adapter/stores/message-store-model.js";
import type { CollectingState } from "../adapter/transports/transport-state.js";

/** The event gives an error as its code and its whole text. */
function errorOf({ code, message }: { readonly code: ErrorCode; readonly message: string }): CpisError {
  const beginning = `${errorTable[code].message}: `;
  const detail = message.startsWith(beginning) ? message.slice(beginning.length) : undefined;
  return new CpisError(code, detail === undefined ? {} : { detail });
}

type Watcher = (state: CollectingState) => void;

export class MailboxCondition {
  private store: StoreCondition = { kind: "ready" };
  /** By the mailbox's own word. */
  private obstacle: CpisError | undefined;
  private startObstacle: CpisError | undefined;
  private isStarted = false;
  private lastAt: number | undefined;
  private foreign = 0;
  private watcher: Watcher = () => undefined;

  /** Calls the watcher at once, and at every change. */
  watch(watcher: Watcher): void {
    this.watcher = watcher;
    this.tell();
  }

  follow({ events }: Pick<MeshMailbox, "events">): void {
    // It may collect and not be able to send: only "reachable" ends an obstacle.
    events.on("polled", ({ at, foreign }) => {
      this.lastAt = at;
      this.foreign = foreign;
      this.isStarted = true;
      this.tell();
    });
    events.on("unreachable", (event) => this.setObstacle(errorOf(event)));
    events.on("reachable", () => this.setObstacle(undefined));
  }

  storeChanged(condition: StoreCondition): void {
    this.store = condition;
    this.tell();
  }

  /** A mailbox may start while its peer is out of reach: then it has said so. */
  started(): void {
    this.isStarted = true;
    this.startObstacle = undefined;
    this.tell();
  }

  startFailed(error: CpisError): void {
    this.startObstacle = error;
    this.tell();
  }

  private setObstacle(error: CpisError | undefined): void {
    this.obstacle = error;
    this.tell();
  }

  private tell(): void {
    this.watcher(this.state());
  }

  /** The store first: without it nothing is taken from MESH, however well that is. */
  private state(): CollectingState {
    if (this.store.kind === "unavailable") return { kind: "store-unavailable", error: this.store.error };
    const last = this.lastAt === undefined ? {} : { lastAt: this.lastAt };
    const error = this.obstacle ?? this.startObstacle;
    if (error !== undefined) return { kind: "peer-unavailable", error, ...last };
    const foreign = this.foreign === 0 ? {} : { foreign: this.foreign };
    return this.isStarted ? { kind: "collecting", ...last, ...foreign } : { kind: "connecting" };
  }
}
