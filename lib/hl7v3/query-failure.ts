// QUQI_IN010000UK14: a query failed, or found nothing.
import type { XmlElement } from "../xml/xml-element.js";
import { controlActNode, parseControlAct, type QueryResponseCode, type ReceivedControlAct } from "./control-act.js";
import { known } from "./data-types.js";
import { encodeInteraction, requireInteraction, type InteractionForm } from "./interaction.js";
import {
  parseAcknowledgement,
  parseTransmission,
  wrapperNode,
  type Acknowledgement,
  type ReceivedAcknowledgement,
  type ReceivedTransmission,
  type Transmission,
} from "./transmission-wrapper.js";
import type { CodedText } from "./values.js";

export const queryFailureInteraction = "QUQI_IN010000UK14";

/** Without `queryResponseCode` there is no queryAck, as in Spine's synchronous form. */
export interface QueryFailure {
  readonly transmission: Transmission;
  readonly acknowledgement: Acknowledgement;
  readonly reasons: readonly CodedText[];
  readonly queryResponseCode?: QueryResponseCode;
}

export interface ReceivedQueryFailure extends ReceivedControlAct {
  readonly transmission: ReceivedTransmission;
  readonly acknowledgement?: ReceivedAcknowledgement;
}

/** `swappedAsids` puts sender and receiver in each other's place, as Spine's synchronous form does. */
export interface QueryFailureForm extends InteractionForm {
  readonly swappedAsids?: boolean;
}

export function encodeQueryFailure(model: QueryFailure, form: QueryFailureForm = {}): string {
  const { acknowledgement, transmission } = model;
  const { fromAsid, toAsid } = transmission;
  const written = form.swappedAsids === true ? { ...transmission, fromAsid: toAsid, toAsid: fromAsid } : transmission;
  const act = controlActNode({ ...model, systemAsid: fromAsid });
  return encodeInteraction(wrapperNode(queryFailureInteraction, written, acknowledgement, act), false, form);
}

/** Takes the root of a payload. Throws CPIS_MESSAGE_INVALID when it holds no such interaction. */
export function parseQueryFailure(root: XmlElement): ReceivedQueryFailure {
  const interaction = requireInteraction(root, queryFailureInteraction);
  return known<ReceivedQueryFailure>({
    transmission: parseTransmission(interaction),
    acknowledgement: parseAcknowledgement(interaction),
    ...parseControlAct(interaction),
  });
}
