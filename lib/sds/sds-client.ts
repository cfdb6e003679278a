// Looks up accredited systems and endpoints in the Spine Directory Service, over its FHIR API.
import { definedOnly } from "../defined-only.js";
import { CpisError, isCpisError } from "../errors.js";
import type { CertificateObserver } from "../tls/certificates.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../tls/connect-tls.js";
import { createHttpsClient, isUncoded, type BrokenBy, type HttpsOutcome } from "../tls/https-exchange.js";
import type { ProxySettings } from "../tls/proxy.js";
import { createClientContext, publicAuthorities, type ServerTrust } from "../tls/tls-material.js";
import { collectPages, defaultPageLimits, type PageLimits } from "./collect-pages.js";
import type { DeviceQuery, EndpointQuery, SdsDevice, SdsEndpoint } from "./directory-model.js";
import { encodeDeviceQuery, encodeEndpointQuery } from "./directory-query.js";
import { parseBundle, type FoundResource, type ResourceType, type SdsPage } from "./parse-bundle.js";
import { parseDevice } from "./parse-device.js";
import { parseEndpoint } from "./parse-endpoint.js";
import { describeRefusal } from "./refused-reply.js";

export interface SdsTimeouts extends ConnectTimeouts {
  /** From the question to the last byte of the last page, connecting included. Default 10,000. */
  readonly lookupMilliseconds: number;
}

export interface SdsLimits extends PageLimits {
  /** Of one page. Default 1,048,576. */
  readonly maximumBytes: number;
}

export interface SdsEffects {
  /** A fresh UUID: each question carries one as X-Correlation-ID. */
  newUuid(): string;
}

export interface SdsClientOptions {
  /** For example "https://api.service.nhs.uk/spine-directory/FHIR/R4". */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Default: the public authorities, and no certificate of our own. */
  readonly tls?: ServerTrust;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
  readonly timeouts?: Partial<SdsTimeouts>;
  /** Told of the server's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
  readonly limits?: Partial<SdsLimits>;
  readonly effects: SdsEffects;
}

export interface SdsClient {
  /**
   * All accredited systems that match; none is an empty list. Throws CONFIG_INVALID for a question that cannot be
   * asked, SDS_CONNECT_FAILED, TLS_*, SDS_TIMEOUT, SDS_UNAVAILABLE, SDS_UNAUTHORISED, SDS_REFUSED,
   * SDS_RESPONSE_INVALID, SDS_AMBIGUOUS for a record that contradicts itself, or CONFIG_CLOSED.
   */
  findDevices(query: DeviceQuery): Promise<readonly SdsDevice[]>;
  /** All endpoints that match; none is an empty list. Throws as `findDevices`. */
  findEndpoints(query: EndpointQuery): Promise<readonly SdsEndpoint[]>;
  /** Ends all look-ups and connections. */
  close(): void;
}

/** As many kept connections may be stale as there are look-ups side by side; few are. */
const maximumTries = 4;
const defaultLookupMilliseconds = 10_000;
const defaultMaximumBytes = 1_048_576;

function invalidSetting(detail: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail });
}

/** The address with a slash at its end, so that a resource can be put behind it. */
function readBaseUrl(text: string): URL {
  if (text.trim() === "") throw new CpisError("CONFIG_MISSING", { detail: "the base address of SDS" });
  if (!URL.canParse(text.trim())) throw invalidSetting("the base address of SDS");
  const url = new URL(text.trim());
  if (url.protocol !== "https:") throw invalidSetting("the base address of SDS must begin with https");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalidSetting("the base address of SDS has a part after or before its path");
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** Only what a header may carry: the error that Node.js raises for others would be another one. */
function readApiKey(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") throw new CpisError("CONFIG_MISSING", { detail: "the API key of SDS" });
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw invalidSetting("the API key of SDS has a character that no key has");
  return trimmed;
}

function brokenError(by: BrokenBy, signal: AbortSignal): CpisError {
  if (by === "signal") return isCpisError(signal.reason) ? signal.reason : new CpisError("CONFIG_CLOSED");
  if (by === "no-http") return new CpisError("SDS_RESPONSE_INVALID", { detail: "it is no HTTP" });
  return new CpisError("SDS_UNAVAILABLE", { detail: "the connection broke before the answer was complete" });
}

/** Throws CONFIG_MISSING or CONFIG_INVALID. The API key is in no error, and leaves in its header only. */
export function createSdsClient(options: SdsClientOptions): SdsClient {
  const baseUrl = readBaseUrl(options.baseUrl);
  const apiKey = readApiKey(options.apiKey);
  const timeouts = { ...defaultConnectTimeouts, ...options.timeouts };
  const { lookupMilliseconds = defaultLookupMilliseconds } = options.timeouts ?? {};
  const limits = { ...defaultPageLimits, maximumBytes: defaultMaximumBytes, ...options.limits };
  const trust = createClientContext(options.tls ?? { ca: publicAuthorities });
  const codes = { connectFailed: "SDS_CONNECT_FAILED", incomplete: "SDS_UNAVAILABLE" } as const;
  const https = createHttpsClient({
    secureContext: trust,
    timeouts,
    codes,
    ...definedOnly({ proxy: options.proxy, peerShown: options.peerShown }),
  });
  const closing = new AbortController();

  /** A question may be asked twice, so one that met a stale connection is. */
  const ask = async (url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<HttpsOutcome> => {
    for (let tries = 1; ; tries += 1) {
      const outcome = await https.exchange({ method: "GET", url, headers, signal });
      if (outcome.kind !== "broken" || !outcome.isStale || tries >= maximumTries) return outcome;
    }
  };

  const readPage = async (url: URL, type: ResourceType, signal: AbortSignal): Promise<SdsPage> => {
    const headers = {
      apikey: apiKey,
      "X-Correlation-ID": options.effects.newUuid(),
      Accept: "application/fhir+json",
      "Accept-Encoding": "identity",
    };
    const outcome = await ask(url, headers, signal);
    if (outcome.kind === "not-sent") throw outcome.error;
    if (outcome.kind === "broken") throw brokenError(outcome.by, signal);
    const { reply } = outcome;
    if (!isUncoded(reply)) {
      reply.discard();
      throw new CpisError("SDS_RESPONSE_INVALID", { detail: "it is compressed, which was not asked for" });
    }
    const whole = await reply.readWhole(limits.maximumBytes);
    if (whole.kind === "broken") throw brokenError(whole.by, signal);
    if (whole.kind === "too-large") {
      throw new CpisError("SDS_RESPONSE_INVALID", { detail: `it is larger than ${limits.maximumBytes} bytes` });
    }
    if (reply.status !== 200) throw describeRefusal({ status: reply.status, body: whole.body });
    return parseBundle(whole.body, type);
  };

  const find = async (path: string, type: ResourceType): Promise<readonly FoundResource[]> => {
    if (closing.signal.aborted) throw new CpisError("CONFIG_CLOSED");
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new CpisError("SDS_TIMEOUT", { detail: `no answer within ${lookupMilliseconds} ms` })),
      lookupMilliseconds,
    );
    const signal = AbortSignal.any([deadline.signal, closing.signal]);
    try {
      return await collectPages(new URL(path, baseUrl), limits, (url) => readPage(url, type, signal));
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    findDevices: async (query) => (await find(encodeDeviceQuery(query), "Device")).map(parseDevice),
    findEndpoints: async (query) => (await find(encodeEndpointQuery(query), "Endpoint")).map(parseEndpoint),
    close: () => {
      closing.abort(new CpisError("CONFIG_CLOSED"));
      https.close();
    },
  };
}
