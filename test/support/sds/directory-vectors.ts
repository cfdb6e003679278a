// The golden answers of the directory for the tests of its codec, and one party that they are about.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parsePartyKey } from "../../../lib/identifiers.js";
import type { SdsDevice, SdsEndpoint } from "../../../lib/sds/directory-model.js";
import { parseBundle } from "../../../lib/sds/parse-bundle.js";
import { parseDevice } from "../../../lib/sds/parse-device.js";
import { parseEndpoint } from "../../../lib/sds/parse-endpoint.js";

export const query = { service: "urn:nhs:names:services:cpisquery", action: "QUPC_IN000006GB01" };
export const queryId = "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01";
export const askedDevice = { odsCode: "ZSQ", interaction: queryId };
export const askedEndpoint = { interaction: queryId };
export const addressee = { toAsid: "991000000001", toPartyKey: parsePartyKey("ZSQ-0000002") };

export function readVector(name: string): Buffer {
  return readFileSync(join(__dirname, "../../vectors/sds", `${name}.json`));
}

export function devicesOf(name: string): readonly SdsDevice[] {
  return parseBundle(readVector(name), "Device").resources.map(parseDevice);
}

export function endpointsOf(name: string): readonly SdsEndpoint[] {
  return parseBundle(readVector(name), "Endpoint").resources.map(parseEndpoint);
}
