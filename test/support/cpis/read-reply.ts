// What a reply says, as the decision reads it, in the terms in which the simulator writes it.
import assert from "node:assert/strict";
import { parseQueryReply, type QueryReply } from "../../../lib/cpis/query/query-reply.js";
import { definedOnly } from "../../../lib/defined-only.js";
import type { XmlElement } from "../../../lib/xml/xml-element.js";

type Response = Pick<QueryReply, "transmission" | "reasons" | "payload" | "queryResponseCode">;
type Failure = Omit<Response, "payload"> &
  Pick<QueryReply, "unreadableReasons"> & { readonly acknowledgement: QueryReply["acknowledgements"][number] };

/** A response, with its interaction or without. */
export function readQueryResponse(root: XmlElement): Response {
  const { kind, transmission, acknowledgements, reasons, payload, queryResponseCode } = parseQueryReply(root);
  assert.equal(kind, "response");
  assert.deepEqual(acknowledgements, []);
  return { transmission, reasons, ...definedOnly({ payload, queryResponseCode }) };
}

function readFailing(root: XmlElement, expected: QueryReply["kind"]): Failure {
  const { kind, transmission, acknowledgements, ...reply } = parseQueryReply(root);
  const [acknowledgement, ...others] = acknowledgements;
  assert.equal(kind, expected);
  assert.ok(acknowledgement);
  assert.deepEqual(others, []);
  const { reasons, queryResponseCode, unreadableReasons } = reply;
  return { transmission, acknowledgement, reasons, ...definedOnly({ queryResponseCode, unreadableReasons }) };
}

export function readQueryFailure(root: XmlElement): Failure {
  return readFailing(root, "failure");
}

export function readApplicationAcknowledgement(root: XmlElement): Failure {
  return readFailing(root, "acknowledgement");
}
