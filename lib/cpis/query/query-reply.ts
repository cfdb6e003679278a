// What a reply to a query says, whichever message says it.
import { CpisError } from "../../errors.js";
import { parseControlAct, subjectElements, type ReceivedControlAct } from "../../hl7v3/control-act.js";
import { children, isHl7 } from "../../hl7v3/elements.js";
import { findInteraction, findOnFirstLevel } from "../../hl7v3/interaction.js";
import {
  parseAcknowledgements,
  parseTransmission,
  type ReceivedAcknowledgement,
  type ReceivedTransmission,
} from "../../hl7v3/transmission-wrapper.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText, Warning } from "../model.js";
import type { Warn } from "../templates/content-id.js";
import { examineMessage, type MessageFindings, type ReplyShape } from "./message-shape.js";
import { parseResponsePayload, responsePayloadName, type ReceivedPayload } from "./response-payload.js";
import { parseStrayRecords } from "./stray-records.js";

export const queryResponseInteraction = "REPC_IN000007GB01";
export const queryFailureInteraction = "QUQI_IN010000UK14";
export const applicationAcknowledgementInteraction = "MCCI_IN010000UK13";

/** "other" is an interaction that answers no query; a bare payload is a "response". */
export type ReplyKind = "response" | "failure" | "acknowledgement" | "other";

export interface QueryReply extends ReceivedControlAct {
  readonly kind: ReplyKind;
  readonly transmission: ReceivedTransmission;
  readonly acknowledgements: readonly ReceivedAcknowledgement[];
  /** Of a bare payload, or of any interaction that holds one, or a plan or person anywhere. */
  readonly payload?: ReceivedPayload;
  readonly findings: MessageFindings;
  readonly warnings: readonly Warning[];
}

const kinds: ReadonlyMap<string, ReplyKind> = new Map([
  [queryResponseInteraction, "response"],
  [queryFailureInteraction, "failure"],
  [applicationAcknowledgementInteraction, "acknowledgement"],
]);

/** What the payloads say, and every plan and person that the message holds elsewhere. */
export function parsePayloads(
  root: XmlElement,
  payloads: readonly XmlElement[],
  warn: Warn,
): ReceivedPayload | undefined {
  const strays = parseStrayRecords(root, payloads, warn);
  if (payloads.length === 0) return strays.length === 0 ? undefined : { accesses: [], records: strays };
  const payload = parseResponsePayload(payloads, warn);
  return strays.length === 0 ? payload : { ...payload, records: [...payload.records, ...strays] };
}

/**
 * CP-ISNHSQueryResponse without an interaction; real replies may put another of that name around it. Throws
 * CPIS_MESSAGE_INVALID when there are several.
 */
export function findBarePayload(root: XmlElement): XmlElement | undefined {
  const [found, ...others] = findOnFirstLevel(
    root,
    (candidate) => isHl7(candidate) && candidate.localName === responsePayloadName,
  );
  const [inner, ...more] = found === undefined ? [] : children(found, responsePayloadName);
  if (others.length + more.length > 0) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `there is more than one ${responsePayloadName}` });
  }
  return inner ?? found;
}

/**
 * Takes the root of a payload. Throws CPIS_MESSAGE_INVALID when it holds no interaction and no bare response, or
 * several of either.
 */
export function parseQueryReply(root: XmlElement): QueryReply {
  const warnings: Warning[] = [];
  const warn: Warn = (warning) => warnings.push(warning);
  const read = (core: XmlElement, shape: ReplyShape, payloads: readonly XmlElement[]) => {
    const payload = parsePayloads(root, payloads, warn);
    const findings = examineMessage(root, core, shape);
    return { ...(payload === undefined ? {} : { payload }), findings, warnings };
  };
  const interaction = findInteraction(root);
  if (interaction !== undefined) {
    return {
      kind: kinds.get(interaction.localName) ?? "other",
      transmission: parseTransmission(interaction),
      acknowledgements: parseAcknowledgements(interaction),
      ...parseControlAct(interaction),
      ...read(interaction, "interaction", subjectElements(interaction, responsePayloadName)),
    };
  }
  const bare = findBarePayload(root);
  if (bare === undefined) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: "there is neither an interaction nor a response" });
  }
  return {
    kind: "response",
    transmission: {},
    acknowledgements: [],
    reasons: [],
    ...read(bare, "payload", [bare]),
  };
}

/** What the reasons and the acknowledgements' details of a reply say together. */
export interface ReplyCodes {
  /** Every code that could be read, to be shown to support. */
  readonly all: readonly CodedText[];
  readonly reasons: readonly CodedText[];
  /** The codes that speak of an error: all reasons, and details that are no mere warning or information. */
  readonly errors: readonly CodedText[];
  /** Whether there is a reason, or an error detail, without a code that could be read. */
  readonly hasUnreadable: boolean;
}

export function collectCodes({ reasons, unreadableReasons = 0, acknowledgements }: QueryReply): ReplyCodes {
  const details = acknowledgements.flatMap((acknowledgement) => acknowledgement.details);
  const errorDetails = details.filter(({ typeCode }) => typeCode !== "WG" && typeCode !== "IF");
  const readable = ({ code }: { readonly code?: CodedText }): readonly CodedText[] =>
    code === undefined ? [] : [code];
  return {
    all: [...reasons, ...details.flatMap(readable)],
    reasons,
    errors: [...reasons, ...errorDetails.flatMap(readable)],
    hasUnreadable: unreadableReasons > 0 || errorDetails.some(({ code }) => code === undefined),
  };
}
