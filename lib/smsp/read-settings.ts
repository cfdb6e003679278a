// Holds the settings of a Spine mini service against what can be sent, before anything is.
import { CpisError } from "../errors.js";
import type { SmspSettings } from "./model.js";

function requireText(text: string, name: string): string {
  const trimmed = text.trim();
  if (trimmed === "") throw new CpisError("CONFIG_MISSING", { detail: `${name} of the Spine mini service` });
  // A line end in a header would end the header; a blank in a URI is no part of one.
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new CpisError("CONFIG_INVALID", {
      detail: `${name} of the Spine mini service has a character it cannot have`,
    });
  }
  return trimmed;
}

function readSecurity(security: SmspSettings["security"]): SmspSettings["security"] {
  if (security.kind === "none") return security;
  const { username, lifetimeSeconds } = security;
  if (username.trim() === "") {
    throw new CpisError("CONFIG_MISSING", { detail: "the user name for the Spine mini service" });
  }
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > 86_400) {
    throw new CpisError("CONFIG_INVALID", {
      detail: "the lifetime of a message to the Spine mini service is 1 to 86400 seconds",
    });
  }
  return { ...security, username: username.trim() };
}

/** Gives them trimmed. Throws CONFIG_MISSING or CONFIG_INVALID; the detail names the setting. */
export function readSmspSettings(settings: SmspSettings): SmspSettings {
  return {
    senderOdsCode: requireText(settings.senderOdsCode, "the sender's ODS code"),
    providerOdsCode: requireText(settings.providerOdsCode, "the provider's ODS code"),
    requestService: requireText(settings.requestService, "the request service"),
    profileId: requireText(settings.profileId, "the profile id"),
    action: requireText(settings.action, "the SOAP action"),
    messageIdPrefix: settings.messageIdPrefix,
    security: readSecurity(settings.security),
  };
}

/** An https address without user, query or fragment. Throws CONFIG_MISSING or CONFIG_INVALID. */
export function readEndpoint(text: string): URL {
  const trimmed = text.trim();
  if (trimmed === "") throw new CpisError("CONFIG_MISSING", { detail: "the address of the Spine mini service" });
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url?.protocol !== "https:") {
    throw new CpisError("CONFIG_INVALID", { detail: "the address of the Spine mini service must begin with https" });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new CpisError("CONFIG_INVALID", {
      detail: "the address of the Spine mini service has a part after or before its path",
    });
  }
  return url;
}
