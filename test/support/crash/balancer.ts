// One TCP address in front of the processes that live at the moment: the peer knows no other.
import net, { type Socket } from "node:net";

export interface Balancer {
  readonly port: number;
  /** Connections that this target holds at the moment. */
  connectionsOf(port: number): number;
  add(port: number): void;
  remove(port: number): void;
  close(): Promise<void>;
}

export interface BalancerConduct {
  /** A connection that its target refuses goes to the next one. */
  readonly redispatches?: boolean;
}

export async function openBalancer({ redispatches = false }: BalancerConduct = {}): Promise<Balancer> {
  let targets: readonly number[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  const busy = new Map<number, number>();
  const count = (port: number, change: number): void => void busy.set(port, (busy.get(port) ?? 0) + change);
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const join = (socket: Socket, tries: number): void => {
    const target = targets[(turn += 1) % Math.max(targets.length, 1)];
    if (target === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const onward = net.connect(target, "127.0.0.1");
    count(target, 1);
    onward.once("close", () => count(target, -1));
    const begin = (): void => {
      keep(socket, onward);
      keep(onward, socket);
      socket.pipe(onward).pipe(socket);
    };
    if (!redispatches) {
      begin();
      return;
    }
    const refused = (): void => {
      if (tries < 2) join(socket, tries + 1);
      else socket.resetAndDestroy();
    };
    onward.once("error", refused);
    onward.once("connect", () => {
      onward.off("error", refused);
      begin();
    });
  };
  const server = net.createServer((socket) => join(socket, 0));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    connectionsOf: (port) => busy.get(port) ?? 0,
    add: (port) => {
      targets = [...targets, port];
    },
    remove: (port) => {
      targets = targets.filter((target) => target !== port);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
