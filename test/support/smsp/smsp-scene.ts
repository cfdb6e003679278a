// A simulated Spine mini service on a real socket and clients for it; closes all it has opened.
import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { bareQueryStubNode } from "../../../lib/cpis/query/query-stub.js";
import { distributionServices } from "../../../lib/itk/names.js";
import type { SmspQuestion, SmspSettings } from "../../../lib/smsp/model.js";
import {
  createSmspClient,
  type SmspClient,
  type SmspClientOptions,
  type SmspEffects,
} from "../../../lib/smsp/smsp-client.js";
import { createPki, type IssuedCertificate, type Pki } from "../../../lib/simulator/pki/pki.js";
import { createRegister } from "../../../lib/simulator/cpis/register.js";
import { sampleChildren } from "../../../lib/simulator/cpis/sample-children.js";
import { createSmspServer, type SmspServer, type SmspServerOptions } from "../../../lib/simulator/smsp/smsp-server.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import { stub } from "../itk/samples.js";

/** 22 November 2026, 10:15. */
export const now = Date.UTC(2026, 10, 22, 10, 15);
export const effects: SmspEffects = { now: () => now, newUuid: () => randomUUID().toUpperCase() };

export const settings: SmspSettings = {
  senderOdsCode: "X9X",
  providerOdsCode: "ZSM",
  requestService: distributionServices.request,
  profileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
  action: distributionServices.request,
  messageIdPrefix: "uuid:",
  security: { kind: "none" },
};

/** With fresh ids. */
export function question(more: Partial<SmspQuestion> = {}): SmspQuestion {
  return {
    payload: bareQueryStubNode(stub),
    messageId: effects.newUuid(),
    trackingId: effects.newUuid(),
    ...more,
  };
}

export type RawBehaviour = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface SmspScene {
  readonly pki: Pki;
  readonly tls: TlsMaterial;
  start(options?: Partial<SmspServerOptions>): Promise<SmspServer>;
  /** A server that answers as the test says; gives its address. */
  startRaw(behave: RawBehaviour): Promise<string>;
  client(url: string, options?: Partial<SmspClientOptions>): SmspClient;
  /** After each test. */
  closeAll(): Promise<void>;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function createSmspScene(): Promise<SmspScene> {
  // Certificates are judged by the clock of the machine.
  const pki = await createPki({ now: () => Date.now() });
  const issue = (usage: "client" | "server"): Promise<IssuedCertificate> =>
    pki.issue({ commonName: "localhost", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], usage });
  // One for all servers and clients each: keys take time.
  const [certificate, own] = await Promise.all([issue("server"), issue("client")]);
  const tls = { key: own.keyPem, cert: own.certPem, ca: pki.caPem };
  const closing: (() => void | Promise<void>)[] = [];
  return {
    pki,
    tls,
    start: async (options = {}) => {
      const register = createRegister(sampleChildren(now));
      const server = await createSmspServer({ pki, certificate, register, effects, ...options });
      closing.push(() => server.close());
      return server;
    },
    startRaw: async (behave) => {
      const sockets = new Set<Socket>();
      const server = createServer({ key: certificate.keyPem, cert: certificate.certPem }, (request, response) => {
        void readAll(request).then((body) => behave(request, response, body));
      });
      server.on("connection", (socket: Socket) => sockets.add(socket));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closing.push(
        () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            for (const socket of sockets) socket.destroy();
          }),
      );
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}/smsp`;
    },
    client: (url, options = {}) => {
      const client = createSmspClient({ url, tls, settings, effects, ...options });
      closing.push(() => client.close());
      return client;
    },
    closeAll: async () => {
      await Promise.all(closing.splice(0).map(async (close) => close()));
    },
  };
}
