// REPC_IN000007GB01, the CP-IS query response: written to the schema or with known deviations, read with all of them.
import { CpisError } from "../../errors.js";
import { controlActNode, parseControlAct } from "../../hl7v3/control-act.js";
import { known } from "../../hl7v3/data-types.js";
import { child, children, elementsAt, isHl7 } from "../../hl7v3/elements.js";
import { encodeInteraction, findInteraction, findOnFirstLevel } from "../../hl7v3/interaction.js";
import { parseAcknowledgement, parseTransmission, wrapperNode } from "../../hl7v3/transmission-wrapper.js";
import { findElement, type XmlElement } from "../../xml/xml-element.js";
import { contentElements, type Warn } from "../templates/content-id.js";
import type { Warning } from "../model.js";
import { deviate, formOf } from "./query-response-deviations.js";
import type { ParsedQueryResponse, QueryResponse, QueryResponseDeviation } from "./query-response-model.js";
import { parseResponsePayload, responsePayloadName, responsePayloadNode } from "./response-payload.js";

export const queryResponseInteraction = "REPC_IN000007GB01";

/** Prints the interaction in the order of the schema; every deviation asked for is written into it. */
export function encodeQueryResponse(model: QueryResponse, deviations: readonly QueryResponseDeviation[] = []): string {
  const { transmission, reasons, payload, queryResponseCode } = model;
  const subject = payload === undefined ? {} : { subject: responsePayloadNode(payload) };
  const act = controlActNode({ systemAsid: transmission.fromAsid, reasons, ...subject, queryResponseCode });
  const interaction = wrapperNode(queryResponseInteraction, transmission, undefined, act);
  return encodeInteraction(deviate(interaction, deviations), true, formOf(deviations));
}

/** A subject of an unknown kind, or a record where none should be: then nobody can say that there is no plan. */
function holdsUnreadContent(interaction: XmlElement, subjects: readonly XmlElement[]): boolean {
  const isUnknownSubject = subjects.some((subject) =>
    contentElements(subject).some((content) => content.localName !== responsePayloadName || !isHl7(content)),
  );
  return isUnknownSubject || findElement(interaction, ({ localName }) => localName === "CP-ISRecord", 64) !== undefined;
}

function parseWrapped(interaction: XmlElement, warn: Warn): ParsedQueryResponse["response"] {
  const subjects = elementsAt(interaction, "ControlActEvent", "subject");
  const payloads = subjects.flatMap((subject) => children(subject, responsePayloadName));
  const wrapper = known<ParsedQueryResponse["response"]>({
    transmission: parseTransmission(interaction),
    acknowledgement: parseAcknowledgement(interaction),
    ...parseControlAct(interaction),
  });
  const payload = payloads.length === 0 ? undefined : parseResponsePayload(payloads, warn);
  if ((payload?.records ?? []).length === 0 && holdsUnreadContent(interaction, subjects)) {
    return { ...wrapper, payload: { accesses: [], records: [], ...payload, totalPlans: "unreadable" } };
  }
  return payload === undefined ? wrapper : { ...wrapper, payload };
}

function findBarePayload(root: XmlElement): XmlElement | undefined {
  const [found] = findOnFirstLevel(
    root,
    (candidate) => isHl7(candidate) && candidate.localName === responsePayloadName,
  );
  return child(found, responsePayloadName) ?? found;
}

/**
 * Takes the root of a payload: the interaction, a wrapped interaction, or a bare CP-ISNHSQueryResponse.
 * Throws CPIS_MESSAGE_INVALID when it holds neither, or another interaction.
 */
export function parseQueryResponse(root: XmlElement): ParsedQueryResponse {
  const warnings: Warning[] = [];
  const warn: Warn = (warning) => warnings.push(warning);
  const interaction = findInteraction(root);
  if (interaction?.localName === queryResponseInteraction) {
    return { response: parseWrapped(interaction, warn), warnings };
  }
  const bare = interaction === undefined ? findBarePayload(root) : undefined;
  if (bare === undefined) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${queryResponseInteraction} is missing` });
  }
  const payload = parseResponsePayload([bare], warn);
  return { response: { transmission: {}, reasons: [], payload }, warnings };
}
