// Checks the headers of a POST to the outbox, and reads the head of a message from them.
import type { IncomingHttpHeaders } from "node:http";
import { missingHeader, type MeshProblem } from "./mesh-answers.js";
import type { MailboxDirectory } from "./mesh-directory.js";
import type { MessageHead } from "./mesh-message-model.js";

export type HeadReading =
  { readonly kind: "head"; readonly head: MessageHead } | { readonly kind: "refused"; readonly problem: MeshProblem };

/** Longest value by header. */
const maximumLengths: Readonly<Record<string, number>> = {
  "mex-to": 100,
  "mex-from": 100,
  "mex-workflowid": 300,
  "mex-localid": 300,
  "mex-filename": 300,
  "mex-subject": 500,
  "mex-content-checksum": 100,
  "mex-chunk-range": 20,
  "mex-content-type": 100,
  "mex-partnerid": 500,
  "mex-content-compressed": 20,
  "mex-content-encrypted": 20,
};

// The control characters are what is looked for.
// eslint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f]/;
const url = /[a-z][a-z0-9+.-]*:\/\//i;
const checksum = /^[A-Za-z0-9 :/-]*$/;

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** A value that could not be a header's, or that MESH refuses to carry. */
export function isUnfitForHeader(value: string): boolean {
  return controlCharacters.test(value) || url.test(value);
}

/** "1:3" gives chunk 1 of 3; undefined when it is something else. */
export function parseChunkRange(text: string): { readonly number: number; readonly total: number } | undefined {
  const fields = /^([1-9]\d{0,6}):([1-9]\d{0,6})$/.exec(text.trim());
  return fields === null ? undefined : { number: Number(fields[1]), total: Number(fields[2]) };
}

function problemOfValues(headers: IncomingHttpHeaders): MeshProblem | undefined {
  for (const name of Object.keys(headers).filter((one) => one.startsWith("mex-"))) {
    const value = headerOf(headers, name) ?? "";
    if (isUnfitForHeader(value)) {
      return { status: 400, event: "TRANSFER", code: "06", message: `Malformed control file: ${name}` };
    }
    const maximum = maximumLengths[name] ?? Infinity;
    if (value.length > maximum) {
      const message = `ensure this value has at most ${maximum} characters`;
      return { status: 400, message, location: ["header", name], type: "value_error.any_str.max_length" };
    }
  }
  if (!checksum.test(headerOf(headers, "mex-content-checksum") ?? "")) {
    const message = "only letters, digits, space, colon, hyphen and slash";
    return { status: 400, message, location: ["header", "mex-content-checksum"], type: "value_error.str.regex" };
  }
  return undefined;
}

/** Encoding of the body: undefined when there is none. */
export function readEncoding(
  headers: IncomingHttpHeaders,
  refusedStatus: 417 | 422,
): { readonly isGzip: boolean } | MeshProblem {
  const encoding = headerOf(headers, "content-encoding")?.trim().toLowerCase();
  if (encoding === undefined || encoding === "gzip") return { isGzip: encoding === "gzip" };
  return { status: refusedStatus, event: "TRANSFER", code: "06", message: "Content-Encoding other than gzip" };
}

function problemOfParties(headers: IncomingHttpHeaders, sender: string): MeshProblem | undefined {
  const to = headerOf(headers, "mex-to");
  if (to === undefined) return missingHeader("mex-To");
  if (to === "") return { status: 400, event: "SEND", code: "08", message: "To address is missing" };
  const workflowId = headerOf(headers, "mex-workflowid");
  if (workflowId === undefined) return missingHeader("mex-WorkflowID");
  if (workflowId === "") return { status: 400, event: "TRANSFER", code: "06", message: "Workflow id is empty" };
  const from = headerOf(headers, "mex-from");
  if (from !== undefined && from !== "" && from !== sender) {
    return { status: 417, event: "SEND", code: "07", message: "From address does not match the authorization" };
  }
  return undefined;
}

function problemOfDelivery(head: MessageHead, sender: string, directory: MailboxDirectory): MeshProblem | undefined {
  if (directory.find(head.mailbox) === undefined) {
    return { status: 417, event: "SEND", code: "12", message: "Unregistered to address" };
  }
  const isRegistered =
    directory.maySend(sender, head.workflowId) && directory.mayReceive(head.mailbox, head.workflowId);
  return isRegistered
    ? undefined
    : { status: 417, event: "SEND", code: "17", message: "Workflow id is not registered for the mailbox" };
}

function readTotal(headers: IncomingHttpHeaders): number | undefined {
  const text = headerOf(headers, "mex-chunk-range");
  if (text === undefined) return 1;
  const range = parseChunkRange(text);
  return range?.number === 1 ? range.total : undefined;
}

function optionalFields(headers: IncomingHttpHeaders) {
  const field = <Name extends string>(name: Name, header: string): Partial<Record<Name, string>> => {
    const value = headerOf(headers, header);
    const fields: Partial<Record<Name, string>> = {};
    if (value !== undefined && value !== "") fields[name] = value;
    return fields;
  };
  return {
    ...field("localId", "mex-localid"),
    ...field("fileName", "mex-filename"),
    ...field("subject", "mex-subject"),
    ...field("partnerId", "mex-partnerid"),
    ...field("contentType", "content-type"),
    ...field("contentType", "mex-content-type"),
    ...field("checksum", "mex-content-checksum"),
    ...field("compressed", "mex-content-compressed"),
    ...field("encrypted", "mex-content-encrypted"),
  };
}

/** All that can be told before the body: headers, parties, workflow, encoding, range. */
export function readHead(
  headers: IncomingHttpHeaders,
  sender: string,
  options: { readonly directory: MailboxDirectory; readonly unknownEncodingStatus: 417 | 422 },
): HeadReading {
  const refused = (problem: MeshProblem): HeadReading => ({ kind: "refused", problem });
  const early = problemOfValues(headers) ?? problemOfParties(headers, sender);
  if (early !== undefined) return refused(early);
  const encoding = readEncoding(headers, options.unknownEncodingStatus);
  if ("status" in encoding) return refused(encoding);
  const totalChunks = readTotal(headers);
  if (totalChunks === undefined) {
    return refused({ status: 417, event: "SEND", code: "06", message: "InvalidHeaderChunks" });
  }
  const to = headerOf(headers, "mex-to") ?? "";
  const head: MessageHead = {
    messageType: "DATA",
    mailbox: to,
    from: sender,
    to,
    workflowId: headerOf(headers, "mex-workflowid") ?? "",
    ...optionalFields(headers),
    isGzip: encoding.isGzip,
    totalChunks,
  };
  const late = problemOfDelivery(head, sender, options.directory);
  return late === undefined ? { kind: "head", head } : refused(late);
}
