// Makes the bytes of a request whose answer comes in the reply, and says where they go.
import { CpisError } from "../../errors.js";
import { encodeSynchronousRequest } from "../../soap/synchronous-request.js";
import type { OutboundRequest } from "../model.js";
import { endpointOf, type PreparedMessage } from "../outbound/outbound-record.js";

export interface PreparedSynchronous extends PreparedMessage {
  readonly pattern: "sync-soap";
}

/** Throws CONFIG_MISSING without the ASID of the system that asks, and CONFIG_INVALID. */
export function prepareSynchronous(request: OutboundRequest): PreparedSynchronous {
  const { contract, service, action, messageId, fromAsid, payload } = request;
  if (fromAsid === undefined) throw new CpisError("CONFIG_MISSING", { detail: "the ASID of the system that asks" });
  const url = endpointOf(contract);
  const message = encodeSynchronousRequest({
    messageId,
    service,
    interaction: action,
    endpointUrl: url.href,
    // The reply comes on the same connection, and Spine is known to take requests that name no address of ours.
    fromAddress: "",
    fromAsid,
    toAsid: contract.toAsid,
    payload,
  });
  return { message, pattern: "sync-soap", url };
}
