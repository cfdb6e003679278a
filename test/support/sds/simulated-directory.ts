// A directory on a real socket and clients for it, for the tests of look-ups; closes all it has opened.
import { randomUUID } from "node:crypto";
import { createPki, type IssuedCertificate, type Pki } from "../../../lib/simulator/pki/pki.js";
import { createSdsServer, type SdsServer, type SdsServerOptions } from "../../../lib/simulator/sds/sds-server.js";
import { createSdsClient, type SdsClient, type SdsClientOptions } from "../../../lib/sds/sds-client.js";

export const apiKey = "a1b2c3-key-that-must-not-be-told";
export const query = { service: "urn:nhs:names:services:cpisquery", action: "QUPC_IN000006GB01" };
export const messagingUrl = "https://msg.sim.example.nhs.uk";

export interface SimulatedDirectory {
  readonly pki: Pki;
  readonly certificate: IssuedCertificate;
  start(options?: Partial<SdsServerOptions>): Promise<SdsServer>;
  client(server: SdsServer, options?: Partial<SdsClientOptions>): SdsClient;
  /** What is closed after each test. */
  closeLater(close: () => void | Promise<void>): void;
  closeAll(): Promise<void>;
}

export async function createSimulatedDirectory(): Promise<SimulatedDirectory> {
  const pki = await createPki({ now: () => Date.now() });
  // One for all servers: keys take time.
  const certificate = await pki.issue({
    commonName: "localhost",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
    usage: "server",
  });
  const closing: (() => void | Promise<void>)[] = [];
  return {
    pki,
    certificate,
    start: async (options = {}) => {
      const effects = { newUuid: () => randomUUID() };
      const server = await createSdsServer({ pki, certificate, apiKey, messagingUrl, effects, ...options });
      closing.push(() => server.close());
      return server;
    },
    client: (server, options = {}) => {
      const client = createSdsClient({
        baseUrl: server.baseUrl,
        apiKey,
        tls: { ca: server.caPem },
        effects: { newUuid: () => randomUUID() },
        ...options,
      });
      closing.push(() => client.close());
      return client;
    },
    closeLater: (close) => {
      closing.push(close);
    },
    closeAll: async () => {
      await Promise.all(closing.splice(0).map(async (close) => close()));
    },
  };
}
