// What speaks against "no record" in an answer that says so: absence is proved, never assumed.
import { isSameId } from "../../identifiers.js";
import { isNotFoundOrCompanion, isUnexpectedBusinessError } from "../vocabularies.js";
import type { MessageFindings } from "./message-shape.js";
import type { QueryContext } from "./query-failed.js";
import { echoesOnlyOthers } from "./query-found.js";
import { collectCodes, type QueryReply } from "./query-reply.js";
import type { ReceivedPayload } from "./response-payload.js";

/** Anything at all that is or might be a plan, a record or a person, and whatever contradicts itself. */
function doubtOfContent(findings: MessageFindings): string | undefined {
  if (findings.speaksOfRecord) return "it has a place for a record";
  if (findings.isNotUnderstood) return "it holds something that is not understood";
  return findings.contradictsItself ? "it says one thing twice, and differently" : undefined;
}

function doubtOfPayload(payload: ReceivedPayload | undefined, context: QueryContext): string | undefined {
  if (payload === undefined) return undefined;
  if (payload.records.length > 0) return "it holds a record";
  if (payload.totalPlans !== undefined && payload.totalPlans !== 0) return "its total of child records is not 0";
  if (payload.eventId !== undefined && !isSameId(payload.eventId, context.eventId)) return "it answers another query";
  return echoesOnlyOthers(payload, context) ? "all its accesses are about another NHS number" : undefined;
}

/** Spine acknowledges a failure with AE, and nothing but a rejection with AR; a response needs no acknowledgement. */
function doubtOfAcknowledgements({ kind, acknowledgements }: QueryReply): string | undefined {
  const types = acknowledgements.map(({ typeCode }) => typeCode);
  const isFitting =
    kind === "failure"
      ? types.length > 0 && types.every((type) => type === "AE" || type === "AA")
      : types.every((type) => type === "AA");
  return isFitting ? undefined : "it is not acknowledged as an answer";
}

function doubtOfCodes(reply: QueryReply): string | undefined {
  const { all, errors, hasUnreadable } = collectCodes(reply);
  const isError = (code: (typeof all)[number]): boolean => (code.qualifier ?? "ER") === "ER";
  const isHarmless =
    !hasUnreadable &&
    errors.every(isNotFoundOrCompanion) &&
    errors.every(isError) &&
    !all.some(isUnexpectedBusinessError);
  if (!isHarmless) return "it names another error";
  const isOfData = reply.queryResponseCode === "OK" && errors.length > 0;
  return isOfData || reply.isQueryAckUnreadable === true ? "its query response code contradicts it" : undefined;
}

/** In words, without anything of the content; undefined when nothing speaks against it. */
export function findDoubtOfAbsence(reply: QueryReply, context: QueryContext): string | undefined {
  return (
    doubtOfCodes(reply) ??
    doubtOfAcknowledgements(reply) ??
    doubtOfPayload(reply.payload, context) ??
    doubtOfContent(reply.findings)
  );
}

/** The same of the answer of a Spine mini service, which has no codes but its status. */
export function findDoubtOfBareAbsence(
  payload: ReceivedPayload,
  findings: MessageFindings,
  context: QueryContext,
): string | undefined {
  return doubtOfPayload(payload, context) ?? doubtOfContent(findings);
}
