// Writes questions to the directory as the paths of its FHIR API.
import { CpisError } from "../errors.js";
import type { DeviceQuery, EndpointQuery, ServiceInteraction } from "./directory-model.js";
import { interactionSystem, odsCodeSystem, partyKeySystem } from "./directory-names.js";

/** No space, no control character, and no bar, which would end a system. */
const valuePattern = /^[\x21-\x7b\x7d\x7e]{1,256}$/;

function requireValue(value: string, name: string): string {
  if (!valuePattern.test(value)) throw new CpisError("CONFIG_INVALID", { detail: `${name} for a look-up in SDS` });
  return value;
}

/** The key of a look-up, joined by a colon: "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01". Throws CONFIG_INVALID. */
export function formatServiceInteraction(interaction: ServiceInteraction): string {
  const { service, action } = interaction;
  return `${requireValue(service, "the service")}:${requireValue(action, "the interaction")}`;
}

function parameter(name: "organization" | "manufacturing-organization" | "identifier", system: string, value: string) {
  return `${name}=${encodeURIComponent(`${system}|${value}`)}`;
}

function organisation(odsCode: string | undefined): string[] {
  if (odsCode === undefined) return [];
  return [parameter("organization", odsCodeSystem, requireValue(odsCode, "the ODS code"))];
}

function interactionIdentifier(interaction: ServiceInteraction | undefined): string[] {
  if (interaction === undefined) return [];
  return [parameter("identifier", interactionSystem, formatServiceInteraction(interaction))];
}

function partyKeyIdentifier(partyKey: string | undefined): string[] {
  if (partyKey === undefined) return [];
  return [parameter("identifier", partyKeySystem, requireValue(partyKey, "the party key"))];
}

/** Gives "Device?..." with all values percent-encoded. Throws CONFIG_INVALID. */
export function encodeDeviceQuery(query: DeviceQuery): string {
  const manufacturer = query.manufacturerOdsCode;
  const parameters = [
    ...organisation(query.odsCode),
    ...interactionIdentifier(query.interaction),
    ...partyKeyIdentifier(query.partyKey),
    ...(manufacturer === undefined
      ? []
      : [parameter("manufacturing-organization", odsCodeSystem, requireValue(manufacturer, "the manufacturer"))]),
  ];
  return `Device?${parameters.join("&")}`;
}

/** Gives "Endpoint?..." with all values percent-encoded. Throws CONFIG_INVALID, also for a question by one value only. */
export function encodeEndpointQuery(query: EndpointQuery): string {
  const parameters = [
    ...organisation(query.odsCode),
    ...interactionIdentifier(query.interaction),
    ...partyKeyIdentifier(query.partyKey),
  ];
  if (parameters.length < 2) {
    throw new CpisError("CONFIG_INVALID", { detail: "an Endpoint is looked up in SDS by two values or three" });
  }
  return `Endpoint?${parameters.join("&")}`;
}
