// A business message beside the query, and the signals of a party, as the tests send them to the simulator.
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import {
  acknowledgmentOf,
  encodeAcknowledgment,
  encodeMessageError,
  messageErrorOf,
} from "../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage, EncodedMessage } from "../../../lib/ebxml/model.js";
import { reliabilityElements } from "../../../lib/ebxml/reliability.js";
import { parseConversationId, parseCpaId, parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";
import type { SimulatedEbxmlPattern } from "../../../lib/simulator/index.js";
import { newUuid, partyKey, type HttpResult, type TestSpine } from "./simulator-client.js";

export const interaction = { service: "urn:nhs:names:services:example", action: "REPC_IN990001GB01" };

export interface BusinessOptions {
  readonly pattern?: SimulatedEbxmlPattern;
  readonly messageId?: string;
  readonly hl7Id?: string;
  readonly payload?: string;
  readonly service?: string;
  readonly action?: string;
}

export interface PreparedMessage {
  readonly messageId: string;
  readonly hl7Id: string;
  readonly message: BusinessMessage;
  readonly encoded: EncodedMessage;
  send(): Promise<HttpResult>;
}

export function prepareMessage(spine: TestSpine, options: BusinessOptions = {}): PreparedMessage {
  const pattern = options.pattern ?? "reliable";
  const contract = spine.simulator.contracts[pattern];
  const { messageId = newUuid(), hl7Id = newUuid(), action = interaction.action } = options;
  const payload = options.payload ?? `<${action} xmlns="urn:hl7-org:v3"><id root="${hl7Id}"/></${action}>`;
  const message: BusinessMessage = {
    kind: "message",
    header: {
      fromPartyKey: parsePartyKey(partyKey),
      toPartyKey: contract.toPartyKey,
      cpaId: contract.cpaId,
      conversationId: parseConversationId(newUuid()),
      service: options.service ?? interaction.service,
      action,
      messageId: parseMessageId(messageId),
      timestamp: "2026-11-22T10:15:00Z",
    },
    reliability: reliabilityElements(pattern === "forwardReliable" ? "forward-reliable" : pattern),
    payload: Buffer.from(payload, "utf8"),
    attachments: [],
    externalReferences: [],
  };
  const encoded = encodeBusinessMessage(message);
  return {
    messageId,
    hl7Id,
    message,
    encoded,
    send: () => postEncoded(spine, pattern, encoded),
  };
}

export function postEncoded(
  spine: TestSpine,
  pattern: SimulatedEbxmlPattern,
  encoded: EncodedMessage,
): Promise<HttpResult> {
  const { contentType, soapAction, body } = encoded;
  return spine.post(
    new URL(spine.simulator.contracts[pattern].endpointUrl).pathname,
    { "Content-Type": contentType, SOAPAction: soapAction, "Content-Length": String(body.byteLength) },
    body,
  );
}

/** Our acknowledgment, or our refusal, of a message of the simulator, as a message of its own. */
export function postSignal(
  spine: TestSpine,
  kind: "acknowledgment" | "message-error",
  message: BusinessMessage,
): Promise<HttpResult> {
  const identity = {
    messageId: parseMessageId(newUuid()),
    now: "2026-11-22T10:15:01Z",
    ownPartyKey: parsePartyKey(partyKey),
  };
  const received = { ...message.header, cpaId: parseCpaId("S9000145A9000201") };
  const encoded =
    kind === "acknowledgment"
      ? encodeAcknowledgment(acknowledgmentOf(message, identity))
      : encodeMessageError(messageErrorOf(received, identity, [{ errorCode: "ValueNotRecognized" }]));
  return postEncoded(spine, "forwardReliable", encoded);
}
