// The Spine mini service that a transport may ask instead of Spine: what its provider has said, and nothing guessed.
import type { SmspSecurity, SmspSettings } from "../../lib/smsp/model.js";
import type { FieldReader } from "../adapter/runtime/field-rules.js";

export type SmspAccess =
  /** All from the simulator. */
  | { readonly kind: "simulator" }
  | {
      readonly kind: "provider";
      readonly url: string;
      readonly settings: SmspSettings;
      /** Undefined: the transport's own. */
      readonly tlsNodeId: string | undefined;
    };

const messageIdPrefixes = { none: "", uuid: "uuid:", "urn-uuid": "urn:uuid:" } as const;

function readSecurity(fields: FieldReader): SmspSecurity {
  fields.required("smspSecurity", "token");
  if (fields.choice("smspSecurity", ["none", "username"], "none") === "none") return { kind: "none" };
  return {
    kind: "username",
    username: fields.required("smspUsername", "text"),
    lifetimeSeconds: Number(fields.required("smspLifetimeSeconds", "seconds")),
  };
}

function readPrefix(fields: FieldReader): SmspSettings["messageIdPrefix"] {
  fields.required("smspMessageIdPrefix", "token");
  return messageIdPrefixes[fields.choice("smspMessageIdPrefix", ["none", "uuid", "urn-uuid"], "none")];
}

/** Undefined while it is off. Throws CONFIG_MISSING or CONFIG_INVALID: once it is on, nothing has a default. */
export function readSmspAccess(
  fields: FieldReader,
  isSimulator: boolean,
  senderOdsCode: string,
): SmspAccess | undefined {
  if (!fields.flag("smsp", false)) return undefined;
  if (isSimulator) return { kind: "simulator" };
  return {
    kind: "provider",
    url: fields.required("smspUrl", "endpointUrl"),
    settings: {
      senderOdsCode,
      providerOdsCode: fields.required("smspProviderOdsCode", "odsCode"),
      requestService: fields.required("smspRequestService", "token"),
      profileId: fields.required("smspProfileId", "token"),
      action: fields.required("smspAction", "token"),
      messageIdPrefix: readPrefix(fields),
      security: readSecurity(fields),
    },
    tlsNodeId: fields.configNode("smspTls"),
  };
}
