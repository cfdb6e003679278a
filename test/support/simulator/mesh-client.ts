// A raw client of the simulated MESH for its tests: every header and byte is the test's own.
import { createHmac, randomUUID } from "node:crypto";
import https from "node:https";
import tls from "node:tls";
import {
  createMeshServer,
  type MeshServer,
  type MeshServerOptions,
  type SimulatedMailbox,
} from "../../../lib/simulator/index.js";
import { testPki } from "./simulator-client.js";

export const startTime: number = Date.UTC(2026, 10, 22, 10, 15);
export const v2 = "application/vnd.mesh.v2+json";
export const minute = 60_000;
export const day: number = 24 * 60 * minute;

export type Headers = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Names as they were spelled. */
  readonly headerNames: readonly string[];
  readonly body: Buffer;
  /** The body as JSON; undefined when it is empty. */
  readonly json: unknown;
}

export interface Call {
  readonly method?: string;
  /** Below /messageexchange. */
  readonly path: string;
  /** null: no Authorization. A text: this one. Absent: a good one of the local authority. */
  readonly authorization?: string | null;
  readonly as?: SimulatedMailbox;
  readonly headers?: Headers;
  readonly body?: Buffer;
  /** Default 2. */
  readonly accept?: string | null;
}

export interface MeshFixture {
  readonly mesh: MeshServer;
  readonly authority: SimulatedMailbox;
  readonly clock: { now: number };
  readonly token: (mailbox: SimulatedMailbox, changes?: TokenChanges) => string;
  readonly call: (call: Call) => Promise<Reply>;
  /** POST to the outbox with all that is needed, as the local authority. A header "(none)" is left out. */
  readonly send: (changes?: Headers, body?: Buffer) => Promise<Reply>;
  readonly sendChunk: (id: string, path: string, headers: Headers, body?: Buffer) => Promise<Reply>;
  /** Sends a file, and gives its message id. */
  readonly sendFile: (changes?: Headers, body?: Buffer) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface TokenChanges {
  readonly mailbox?: string;
  readonly nonce?: string;
  readonly count?: string;
  readonly password?: string;
  readonly timestamp?: string;
  readonly key?: string;
}

export function timestampAt(at: number): string {
  return new Date(at).toISOString().replace(/\D/g, "").slice(0, 12);
}

export function tokenOf(fields: Required<TokenChanges>): string {
  const { mailbox, nonce, count, password, timestamp, key } = fields;
  const hash = createHmac("sha256", key).update([mailbox, nonce, count, password, timestamp].join(":")).digest("hex");
  return `NHSMESH ${[mailbox, nonce, count, timestamp, hash].join(":")}`;
}

function parseJson(body: Buffer): unknown {
  try {
    return body.byteLength === 0 ? undefined : (JSON.parse(body.toString("utf8")) as unknown);
  } catch {
    return undefined;
  }
}

export interface RawRequest {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly secure?: https.RequestOptions;
}

/** One request on a connection of its own. Rejects when the connection is cut before the answer is whole. */
export function request({ port, method, path, headers, body, secure }: RawRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = https.request(
      { host: "127.0.0.1", port, method, path, headers, agent: false, ...secure },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const whole = Buffer.concat(chunks);
          const found: Record<string, string> = {};
          for (const [name, value] of Object.entries(response.headers)) found[name] = String(value);
          const headerNames = response.rawHeaders.filter((_, index) => index % 2 === 0);
          resolve({
            status: response.statusCode ?? 0,
            headers: found,
            headerNames,
            body: whole,
            json: parseJson(whole),
          });
        });
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

/** Writes bytes to a connection of its own, and gives all that comes back until it is closed. */
export async function exchangeBytes(port: number, bytes: Uint8Array | string): Promise<string> {
  const { pki, client } = await testPki();
  const socket = tls.connect({ host: "127.0.0.1", port, ca: pki.caPem, key: client.keyPem, cert: client.certPem });
  socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

export async function openMesh(options: Partial<MeshServerOptions> = {}): Promise<MeshFixture> {
  const { pki, spine, client } = await testPki();
  const clock = { now: startTime };
  const effects = { now: () => clock.now, newUuid: () => randomUUID().toUpperCase() };
  const mesh = await createMeshServer({ pki, effects, certificate: spine, ...options });
  const authority = mesh.openMailbox({ odsCode: "ZT7", mailbox: "ZT7OT001", password: "pa55-Word!" });
  const secure = { ca: pki.caPem, key: client.keyPem, cert: client.certPem };

  const token = (mailbox: SimulatedMailbox, changes: TokenChanges = {}): string =>
    tokenOf({
      mailbox: mailbox.mailbox,
      nonce: randomUUID(),
      count: "0",
      password: mailbox.password,
      timestamp: timestampAt(clock.now),
      key: mesh.sharedKey,
      ...changes,
    });

  const call = (one: Call): Promise<Reply> => {
    const { method = "GET", body = Buffer.alloc(0), accept = v2 } = one;
    const authorization = one.authorization === undefined ? token(one.as ?? authority) : one.authorization;
    const isLengthTold = method !== "GET" && method !== "HEAD" && one.headers?.["Transfer-Encoding"] === undefined;
    const headers = {
      ...(accept === null ? {} : { Accept: accept }),
      ...(authorization === null ? {} : { Authorization: authorization }),
      ...(isLengthTold ? { "Content-Length": String(body.byteLength) } : {}),
      ...one.headers,
    };
    return request({ port: mesh.port, method, path: `/messageexchange${one.path}`, headers, body, secure });
  };

  const send: MeshFixture["send"] = (changes = {}, body = Buffer.from("<File/>")) => {
    const all: Record<string, string> = {
      "mex-To": mesh.cpisMailbox,
      "mex-WorkflowID": mesh.workflowIds.upload,
      "mex-LocalID": randomUUID(),
      "Content-Type": "application/xml",
      ...changes,
    };
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "(none)"));
    return call({ method: "POST", path: `/${authority.mailbox}/outbox`, headers, body });
  };

  const messageIdOf = ({ json }: Reply): string => {
    const id = typeof json === "object" && json !== null && "message_id" in json ? json.message_id : undefined;
    if (typeof id !== "string") throw new Error("no message id in the answer");
    return id;
  };

  return {
    mesh,
    authority,
    clock,
    token,
    call,
    send,
    sendChunk: (id, path, headers, body = Buffer.from("<chunk/>")) =>
      call({ method: "POST", path: `/${authority.mailbox}/outbox/${id}/${path}`, headers, body }),
    sendFile: async (changes, body) => messageIdOf(await send(changes, body)),
    close: () => mesh.close(),
  };
}
