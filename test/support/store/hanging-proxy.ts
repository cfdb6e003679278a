// A proxy before a database that can stop forwarding: connections stay open, and nothing comes through any more.
import net, { type Socket } from "node:net";

export interface HangingProxy {
  readonly port: number;
  /** Nothing is forwarded, and nothing is closed. New connections are taken, and hang too. */
  hang(): void;
  /** Forwards what was held back, and goes on. */
  goOn(): void;
  close(): Promise<void>;
}

export async function openHangingProxy(target: number): Promise<HangingProxy> {
  let isHanging = false;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => void other.write(chunk));
    // What is closed while it hangs is not heard of at the other end either.
    const end = (): void => {
      if (isHanging) return;
      sockets.delete(socket);
      other.destroy();
    };
    socket.on("end", end);
    socket.on("close", end);
    if (isHanging) socket.pause();
  };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const onward = net.connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    keep(socket, onward);
    keep(onward, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    hang(): void {
      isHanging = true;
      for (const socket of sockets) socket.pause();
    },
    goOn(): void {
      isHanging = false;
      for (const socket of sockets) socket.resume();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
