// Keeps count of a server's connections and of those with a request in progress, so that it can close in good order.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface OpenConnections {
  /** For every TCP connection, also one that never gets through its handshake. */
  add(socket: Socket): void;
  /** The connection counts as busy until the response is done. */
  addRequest(request: IncomingMessage, response: ServerResponse): void;
  count(): number;
  endIdle(): void;
  endAll(): void;
  whenNone(): Promise<void>;
}

/** The TCP socket and the TLS socket on top of it are two objects with the same addresses. */
function addressesOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(" ");
}

export function createOpenConnections(): OpenConnections {
  const sockets = new Map<Socket, string>();
  const waiting: (() => void)[] = [];
  const requests = new Map<IncomingMessage, string>();
  return {
    add(socket): void {
      sockets.set(socket, addressesOf(socket));
      socket.once("close", () => {
        sockets.delete(socket);
        if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve();
      });
    },
    addRequest(request, response): void {
      requests.set(request, addressesOf(request.socket));
      response.once("close", () => requests.delete(request));
    },
    count: () => sockets.size,
    endIdle(): void {
      const busy = new Set(requests.values());
      for (const [socket, addresses] of sockets) if (!busy.has(addresses)) socket.destroy();
    },
    endAll(): void {
      for (const socket of sockets.keys()) socket.destroy();
    },
    whenNone: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else waiting.push(resolve);
      }),
  };
}
