// MCCI_IN010000UK13: an application acknowledges a message, or says why it does not.
import type { XmlElement } from "../xml/xml-element.js";
import { controlActNode, parseControlAct } from "./control-act.js";
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

export const applicationAcknowledgementInteraction = "MCCI_IN010000UK13";

export interface ApplicationAcknowledgement {
  readonly transmission: Transmission;
  readonly acknowledgement: Acknowledgement;
  readonly reasons: readonly CodedText[];
}

export interface ReceivedApplicationAcknowledgement {
  readonly transmission: ReceivedTransmission;
  readonly acknowledgement?: ReceivedAcknowledgement;
  readonly reasons: readonly CodedText[];
  /** How many reasons have no code that could be read; absent when there are none. */
  readonly unreadableReasons?: number;
}

export function encodeApplicationAcknowledgement(model: ApplicationAcknowledgement, form?: InteractionForm): string {
  const { transmission, acknowledgement, reasons } = model;
  const act = controlActNode({ systemAsid: transmission.fromAsid, reasons });
  const node = wrapperNode(applicationAcknowledgementInteraction, transmission, acknowledgement, act);
  return encodeInteraction(node, false, form);
}

/** Takes the root of a payload. Throws CPIS_MESSAGE_INVALID when it holds no such interaction. */
export function parseApplicationAcknowledgement(root: XmlElement): ReceivedApplicationAcknowledgement {
  const interaction = requireInteraction(root, applicationAcknowledgementInteraction);
  const { reasons, unreadableReasons } = parseControlAct(interaction);
  return known<ReceivedApplicationAcknowledgement>({
    transmission: parseTransmission(interaction),
    acknowledgement: parseAcknowledgement(interaction),
    reasons,
    unreadableReasons,
  });
}
