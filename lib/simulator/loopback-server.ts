// Opens and closes the simulator's HTTPS servers, and keeps them on this machine: nobody else may reach them.
import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import net, { type AddressInfo, type Socket } from "node:net";
import { CpisError } from "../errors.js";

/** The simulator has no protection that a network would need. Throws CONFIG_INVALID for any other address. */
export function requireLoopback(host: string): string {
  const address = host === "localhost" ? "127.0.0.1" : host;
  const isLoopback = (net.isIPv4(address) && address.startsWith("127.")) || address === "::1";
  if (!isLoopback) throw new CpisError("CONFIG_INVALID", { detail: "the simulator's host is not a loopback address" });
  return address;
}

/** "https://127.0.0.1:12345", without a path. */
export function httpsUrl(host: string, port: number): string {
  return `https://${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}

export interface LoopbackServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: https.ServerOptions;
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
  /** The server itself failed after it was opened. */
  readonly failed: (cause: unknown) => void;
}

export interface LoopbackServer {
  readonly port: number;
  readonly server: https.Server;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Throws CONFIG_PORT_IN_USE, or CONFIG_LISTEN with the reason. */
export async function openLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const server = https.createServer({ minVersion: "TLSv1.2", ...options.tls }, options.serve);
  // Also those that are not through their handshake: the server itself knows of the others only.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "CONFIG_PORT_IN_USE" : "CONFIG_LISTEN";
      reject(new CpisError(code, { detail: cause.code ?? "unknown", cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (cause) => options.failed(cause));
  // A TCP listener has an address as soon as it listens, and never a path.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
