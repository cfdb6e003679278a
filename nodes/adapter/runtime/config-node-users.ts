// Who uses a config node, and what it tells them.
import type { Node } from "node-red";

export interface ConfigNodeUsersOptions {
  /** The first user has come. */
  first(): void;
  /** The last user has gone; waited for by the `remove` of that user. */
  last(): Promise<void>;
}

/**
 * Keeps the users of one config node. `byId` must become the property `users` of that node: under this name, and as a
 * plain object keyed by node id, Node-RED looks for the nodes to which it passes on the errors and the status of a
 * global config node.
 */
export class ConfigNodeUsers<State> {
  readonly byId: Record<string, Node> = {};
  private readonly listeners = new Map<string, (state: State) => void>();

  constructor(private readonly options: ConfigNodeUsersOptions) {}

  get count(): number {
    return this.listeners.size;
  }

  add(user: Node, listener: (state: State) => void): void {
    const isFirst = this.count === 0;
    this.byId[user.id] = user;
    this.listeners.set(user.id, listener);
    if (isFirst) this.options.first();
  }

  /** Removing one who is not a user changes nothing, so that a node may be closed twice. */
  async remove(user: Node): Promise<void> {
    if (this.byId[user.id] !== user) return;
    this.listeners.delete(user.id);
    Reflect.deleteProperty(this.byId, user.id);
    if (this.count === 0) await this.options.last();
  }

  tell(state: State): void {
    for (const listener of [...this.listeners.values()]) listener(state);
  }
}
