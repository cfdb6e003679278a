// A small HTTP proxy on loopback, for tests: it knows CONNECT and nothing else.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

export interface ConnectProxy {
  readonly url: string;
  /** The peers that were asked for, as "host:port", in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export interface ProxiedPlace {
  readonly host: string;
  readonly port: number;
}

export interface ConnectProxyOptions {
  /** "name:password"; without them it answers 407. */
  readonly credentials?: string;
  /** Instead of a tunnel. */
  readonly refusal?: number;
  /** Closes the connection without a word. */
  readonly hangsUp?: boolean;
  /** Where a name leads, for peers that no name server knows. */
  readonly leadsTo?: ProxiedPlace | ((host: string) => ProxiedPlace);
}

export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(501).end());
  server.on("connect", (request, socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    asked.push(request.url ?? "");
    if (options.hangsUp === true) {
      socket.destroy();
      return;
    }
    const expected = options.credentials;
    const given = request.headers["proxy-authorization"];
    const isKnown = expected === undefined || given === `Basic ${Buffer.from(expected).toString("base64")}`;
    const refusal = isKnown ? options.refusal : 407;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    const url = new URL(`http://${request.url ?? ""}`);
    const { leadsTo = { host: url.hostname, port: Number(url.port) } } = options;
    const peer = connect(typeof leadsTo === "function" ? leadsTo(url.hostname) : leadsTo);
    sockets.add(peer);
    peer.on("error", () => socket.destroy());
    peer.on("close", () => socket.destroy());
    socket.on("close", () => peer.destroy());
    peer.on("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(peer).pipe(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
