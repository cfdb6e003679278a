// Keeps the connections of a listener within their limits, before the handshake and after it, and closes them in good order.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface ConnectionLimits {
  /** Connections whose handshake is over. Default 200. */
  readonly maximumConnections: number;
  /** The same from one address. Default 100: Spine and a load balancer come from few. */
  readonly maximumConnectionsPerAddress: number;
  /** Connections whose handshake is not over. Default 256. */
  readonly maximumHandshakes: number;
  /** The same from one address. Default 64. */
  readonly maximumHandshakesPerAddress: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maximumConnections: 200,
  maximumConnectionsPerAddress: 100,
  maximumHandshakes: 256,
  maximumHandshakesPerAddress: 64,
};

export interface Connections {
  /**
   * For every TCP connection. While too many have not finished their handshake, the oldest of them goes: a peer that means
   * it needs milliseconds, and one that only holds connections open keeps nobody out.
   */
  add(socket: Socket): void;
  /** Its handshake failed, which whoever calls this tells. Gives the peer's address, empty if that is not known. */
  fail(socket: Socket): string;
  /** Its handshake is over. False when there is no room for it. */
  secure(socket: Socket): boolean;
  /** The connection counts as busy until the response is done. */
  addRequest(request: IncomingMessage, response: ServerResponse): void;
  count(): number;
  endIdle(): void;
  endAll(): void;
  whenNone(): Promise<void>;
}

/** Why a connection ended before its handshake: we made room for another, or the peer went. */
export type LostHandshake = "dropped" | "left";

interface Entry {
  readonly socket: Socket;
  readonly address: string;
  /** "over": it failed, and the socket is about to close. */
  handshake: "pending" | "done" | "over";
}

/** The TCP socket and the TLS socket on top of it are two objects with the same addresses. */
function pathOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(" ");
}

/** A TLS socket whose connection is gone knows no address any more, only what it stood on, in a property of Node.js's own. */
function connectionUnder(socket: Socket): object {
  const parent: unknown = Reflect.get(socket, "_parent");
  return typeof parent === "object" && parent !== null ? parent : socket;
}

/** `lost` is told the address of each connection that ended before its handshake without having failed it. */
export function createConnections(
  limits: ConnectionLimits,
  lost: (address: string, why: LostHandshake) => void,
): Connections {
  /** In the order in which they came. */
  const entries = new Map<string, Entry>();
  /** Of closed ones too. */
  const bySocket = new WeakMap<object, Entry>();
  const waiting: (() => void)[] = [];
  const requests = new Map<IncomingMessage, string>();

  function matching(handshake: Entry["handshake"], address?: string): readonly Entry[] {
    return [...entries.values()].filter(
      (entry) => entry.handshake === handshake && (address === undefined || entry.address === address),
    );
  }

  function drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    entry.handshake = "over";
    entry.socket.destroy();
    lost(entry.address, "dropped");
  }

  function makeRoom(address: string): void {
    const ofAddress = matching("pending", address);
    if (ofAddress.length >= limits.maximumHandshakesPerAddress) drop(ofAddress[0]);
    const all = matching("pending");
    if (all.length >= limits.maximumHandshakes) drop(all[0]);
  }

  function remove(path: string, entry: Entry): void {
    if (entries.get(path) === entry) entries.delete(path);
    // Node.js tells in the same turn, after this, if it has refused the certificate.
    setImmediate(() => {
      if (entry.handshake === "pending") lost(entry.address, "left");
    });
    if (entries.size === 0) for (const resolve of waiting.splice(0)) resolve();
  }

  function end(entry: Entry): void {
    if (entry.handshake === "pending") entry.handshake = "over";
    entry.socket.destroy();
  }

  return {
    add(socket): void {
      const path = pathOf(socket);
      const address = socket.remoteAddress ?? "";
      makeRoom(address);
      const entry: Entry = { socket, address, handshake: "pending" };
      entries.set(path, entry);
      bySocket.set(socket, entry);
      socket.once("close", () => remove(path, entry));
    },
    fail(socket): string {
      const entry = entries.get(pathOf(socket)) ?? bySocket.get(connectionUnder(socket));
      if (entry !== undefined) entry.handshake = "over";
      return entry?.address ?? "";
    },
    secure(socket): boolean {
      const entry = entries.get(pathOf(socket));
      if (entry === undefined) return false;
      const { maximumConnections, maximumConnectionsPerAddress } = limits;
      const isFull =
        matching("done").length >= maximumConnections ||
        matching("done", entry.address).length >= maximumConnectionsPerAddress;
      entry.handshake = isFull ? "over" : "done";
      return !isFull;
    },
    addRequest(request, response): void {
      requests.set(request, pathOf(request.socket));
      response.once("close", () => requests.delete(request));
    },
    count: () => entries.size,
    endIdle(): void {
      const busy = new Set(requests.values());
      for (const [path, entry] of entries) if (!busy.has(path)) end(entry);
    },
    endAll(): void {
      for (const entry of entries.values()) end(entry);
    },
    whenNone: () =>
      new Promise((resolve) => {
        if (entries.size === 0) resolve();
        else waiting.push(resolve);
      }),
  };
}
