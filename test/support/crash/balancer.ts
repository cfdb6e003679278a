// One TCP address in front of the processes that live at the moment: the peer knows no other.
import net, { type Socket } from "node:net";

export interface Balancer {
  readonly port: number;
  add(port: number): void;
  remove(port: number): void;
  close(): Promise<void>;
}

export async function openBalancer(): Promise<Balancer> {
  let targets: readonly number[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = net.createServer((socket) => {
    const target = targets[(turn += 1) % Math.max(targets.length, 1)];
    if (target === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const onward = net.connect(target, "127.0.0.1");
    keep(socket, onward);
    keep(onward, socket);
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
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
