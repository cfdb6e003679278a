// The calls of the MESH API (MESH API, version 2), each with its outcomes as data.
import os from "node:os";
import { CpisError } from "../../errors.js";
import { createAuthorizer, type MeshCredentials } from "./authorization.js";
import { createCaller, invalid, type CallerOptions, type Failure, type Reply } from "./mesh-request.js";
import { gunzipped } from "../../gzip.js";
import type { StreamedBody } from "../../tls/https-exchange.js";
import type { MeshEffects } from "../model.js";
import { complaintText, readComplaint, readInboxPage, readMessageId, readTracking } from "./read-answer.js";
import type { InboxPage, Tracking } from "./read-answer.js";
import { codeOfRefusal } from "../refusal-code.js";

export interface MeshClientOptions extends CallerOptions, MeshCredentials {
  readonly effects: MeshEffects;
  readonly clientVersion: string;
  /** Asks for compressed downloads. */
  readonly gzip: boolean;
  /** Before the second try of what may be repeated; twice as long before the third. */
  readonly busyPauseMilliseconds: number;
}

/** A part of a file on its way. */
export interface Upload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: StreamedBody;
  /** Called right before the first byte is written. */
  onWriting(): void;
}

export type Refusal = { readonly kind: "refused"; readonly error: CpisError };
/** MESH goes on with the upload no more: it does not know it, or it is not as MESH remembers it. */
export type UploadLost = { readonly kind: "lost"; readonly error: CpisError };
/** "gone": MESH has it no more. "not-ready": it is still being uploaded, or has expired or failed; MESH does not say which. */
export type Gone = { readonly kind: "gone" | "not-ready"; readonly error: CpisError };

export interface OpenedMessage {
  readonly kind: "opened";
  /** Whether no more chunks follow. */
  readonly isLast: boolean;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Without the compression of the transfer. Must be read to its end or `discard` called. Throws MESH_INCOMPLETE. */
  readonly body: AsyncIterable<Buffer>;
  discard(): void;
}

export interface MeshClient {
  handshake(): Promise<{ readonly kind: "done" } | Failure>;
  /** `workflowId`: only the messages under it; MESH may not look at that. */
  listInbox(
    limit: number,
    more?: { readonly continueFrom?: string; readonly workflowId?: string },
  ): Promise<{ readonly kind: "listed"; readonly page: InboxPage } | Failure>;
  /** Without a number: the message, or the first of its chunks. */
  openMessage(messageId: string, chunk?: number): Promise<OpenedMessage | Gone | Failure>;
  acknowledge(messageId: string): Promise<{ readonly kind: "done" } | Gone | Failure>;
  /** Never repeated after anything but a refused token. */
  sendFirst(upload: Upload): Promise<{ readonly kind: "accepted"; readonly messageId: string } | Refusal | Failure>;
  /** "complete": MESH has all chunks already. */
  sendChunk(
    messageId: string,
    chunk: number,
    upload: Upload,
  ): Promise<{ readonly kind: "taken" } | { readonly kind: "complete" } | UploadLost | Refusal | Failure>;
  /** By our own id of the file. "none": MESH does not know it; "several": it has it more than once. */
  track(
    localId: string,
  ): Promise<{ readonly kind: "found"; readonly tracking: Tracking } | { readonly kind: "none" | "several" } | Failure>;
  close(): void;
}

const prefix = "/messageexchange";
function refused({ status, body }: Reply): Refusal {
  const complaint = readComplaint(body);
  return {
    kind: "refused",
    error: new CpisError(codeOfRefusal(complaint.code), { detail: complaintText(status, complaint) }),
  };
}

function gone({ status, body }: Reply): Gone {
  const detail = complaintText(status, readComplaint(body));
  if (status === 410) return { kind: "not-ready", error: new CpisError("MESH_MESSAGE_NOT_READY", { detail }) };
  return { kind: "gone", error: new CpisError("MESH_MESSAGE_GONE", { detail }) };
}

/** A decision of MESH, and not of a proxy before it: the file was not taken. */
function isRefusal({ status, body }: Reply): boolean {
  if (status === 400 || status === 413 || status === 417) return true;
  const { code, text } = readComplaint(body);
  return status >= 400 && status < 500 && (code !== undefined || text !== undefined);
}

/** Without a decision of MESH about the file itself, which has a code of its own; "20" is an unknown message. */
function isUploadLost({ status, body }: Reply): boolean {
  const { code } = readComplaint(body);
  return [404, 406, 410, 417].includes(status) && (code === undefined || code === "20" || !/^\d{2}$/.test(code));
}

function isGone({ status }: Reply): boolean {
  return status === 404 || status === 410;
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for a base URL or TLS material that cannot be used. */
export function createMeshClient(options: MeshClientOptions): MeshClient {
  const own = encodeURIComponent(options.mailbox);
  const caller = createCaller({
    ...options,
    authorize: createAuthorizer(options, options.effects),
    now: () => options.effects.now(),
  });

  function messagePath(messageId: string, ...more: readonly (string | number)[]): string {
    return [prefix, own, "inbox", encodeURIComponent(messageId), ...more].join("/");
  }

  return {
    async handshake(): ReturnType<MeshClient["handshake"]> {
      const result = await caller.call({
        method: "POST",
        path: `${prefix}/${own}`,
        headers: {
          "mex-ClientVersion": options.clientVersion,
          "mex-OSName": os.type(),
          "mex-OSVersion": os.release(),
          "mex-OSArchitecture": os.arch(),
        },
      });
      if (result.kind !== "replied") return result;
      return result.status === 200 ? { kind: "done" } : invalid(result);
    },
    async listInbox(limit, { continueFrom, workflowId } = {}): ReturnType<MeshClient["listInbox"]> {
      const query = new URLSearchParams({ max_results: String(limit) });
      if (workflowId !== undefined) query.set("workflow_filter", workflowId);
      if (continueFrom !== undefined) query.set("continue_from", continueFrom);
      const result = await caller.call({
        method: "GET",
        path: `${prefix}/${own}/inbox?${query.toString()}`,
        headers: {},
      });
      if (result.kind !== "replied") return result;
      const page = result.status === 200 ? readInboxPage(result.body) : undefined;
      return page === undefined ? invalid(result) : { kind: "listed", page };
    },
    async openMessage(messageId, chunk): ReturnType<MeshClient["openMessage"]> {
      const path = chunk === undefined ? messagePath(messageId) : messagePath(messageId, chunk);
      const headers: Record<string, string> = options.gzip ? { "Accept-Encoding": "gzip" } : {};
      const result = await caller.open({ method: "GET", path, headers });
      if (result.kind === "replied") return isGone(result) ? gone(result) : invalid(result);
      if (result.kind !== "opened") return result;
      const { reply } = result;
      const isCompressed = reply.headers.get("content-encoding")?.trim().toLowerCase() === "gzip";
      return {
        kind: "opened",
        isLast: reply.status === 200,
        headers: reply.headers,
        body: isCompressed ? gunzipped(reply.body) : reply.body,
        discard: () => reply.discard(),
      };
    },
    async acknowledge(messageId): ReturnType<MeshClient["acknowledge"]> {
      const path = messagePath(messageId, "status", "acknowledged");
      const result = await caller.call({ method: "PUT", path, headers: {} });
      if (result.kind !== "replied") return result;
      if (result.status === 200) return { kind: "done" };
      return isGone(result) ? gone(result) : invalid(result);
    },
    async sendFirst(upload): ReturnType<MeshClient["sendFirst"]> {
      const path = `${prefix}/${own}/outbox`;
      const result = await caller.call({ ...upload, method: "POST", path, isSentOnce: true });
      if (result.kind !== "replied") return result;
      const messageId = result.status === 202 ? readMessageId(result.body) : undefined;
      if (messageId !== undefined) return { kind: "accepted", messageId };
      return isRefusal(result) ? refused(result) : invalid(result);
    },
    async sendChunk(messageId, chunk, upload): ReturnType<MeshClient["sendChunk"]> {
      const path = `${prefix}/${own}/outbox/${encodeURIComponent(messageId)}/${chunk}`;
      const result = await caller.call({ ...upload, method: "POST", path });
      if (result.kind !== "replied") return result;
      if (result.status === 202 || result.status === 200) return { kind: "taken" };
      if (result.status === 423) return { kind: "complete" };
      if (isUploadLost(result)) return { kind: "lost", error: refused(result).error };
      return isRefusal(result) ? refused(result) : invalid(result);
    },
    async track(localId): ReturnType<MeshClient["track"]> {
      const path = `${prefix}/${own}/outbox/tracking/${encodeURIComponent(localId)}`;
      const result = await caller.call({ method: "GET", path, headers: {} });
      if (result.kind !== "replied") return result;
      if (result.status === 404) return { kind: "none" };
      if (result.status === 300) return { kind: "several" };
      const tracking = result.status === 200 ? readTracking(result.body) : undefined;
      return tracking === undefined ? invalid(result) : { kind: "found", tracking };
    },
    close: () => caller.close(),
  };
}
