// Writes the interactions that say how a message fared: MCCI_IN010000UK13, and QUQI_IN010000UK14 of a query.
import { applicationAcknowledgementInteraction, queryFailureInteraction } from "../../cpis/query/query-reply.js";
import { controlActNode, type QueryResponseCode } from "../../hl7v3/control-act.js";
import { encodeInteraction, type InteractionForm } from "../../hl7v3/interaction.js";
import { wrapperNode, type Acknowledgement, type Transmission } from "../../hl7v3/transmission-wrapper.js";
import type { CodedText } from "../../hl7v3/values.js";

export interface ApplicationAcknowledgement {
  readonly transmission: Transmission;
  readonly acknowledgement: Acknowledgement;
  readonly reasons: readonly CodedText[];
}

export function encodeApplicationAcknowledgement(model: ApplicationAcknowledgement, form?: InteractionForm): string {
  const { transmission, acknowledgement, reasons } = model;
  const act = controlActNode({ systemAsid: transmission.fromAsid, reasons });
  const node = wrapperNode(applicationAcknowledgementInteraction, transmission, acknowledgement, act);
  return encodeInteraction(node, false, form);
}

/** Without `queryResponseCode` there is no queryAck, as in Spine's synchronous form. */
export interface QueryFailure {
  readonly transmission: Transmission;
  readonly acknowledgement: Acknowledgement;
  readonly reasons: readonly CodedText[];
  readonly queryResponseCode?: QueryResponseCode;
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
