// Asks a Spine mini service over ITK web services: one question, one POST, one outcome.
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import { distributionEnvelopeNode, type DistributionEnvelope } from "../itk/distribution-envelope.js";
import { interactionKey, odsAddress, odsIdentity } from "../itk/names.js";
import { encodeWebServiceMessage, type WebServiceHeader } from "../itk/web-service-message.js";
import type { CertificateObserver } from "../tls/certificates.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../tls/connect-tls.js";
import { createHttpsClient, isUncoded, type BrokenBy, type HttpsOutcome } from "../tls/https-exchange.js";
import type { ProxySettings } from "../tls/proxy.js";
import { createTlsContext, type TlsMaterial } from "../tls/tls-material.js";
import { interpretReply } from "./interpret-reply.js";
import type { SmspOutcome, SmspQuestion, SmspSettings } from "./model.js";
import { readEndpoint, readSmspSettings } from "./read-settings.js";

/** The interaction by which a mini service knows the query. */
export const smspQueryInteraction = "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0";

export interface SmspTimeouts extends ConnectTimeouts {
  /** From the question to the last byte of the answer, connecting included. Default 30,000. */
  readonly answerMilliseconds: number;
}

export interface SmspEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

export interface SmspClientOptions {
  /** The provider's web service, an https address. */
  readonly url: string;
  /** The provider must know our certificate, and we trust no authority but these. */
  readonly tls: TlsMaterial;
  readonly settings: SmspSettings;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
  readonly timeouts?: Partial<SmspTimeouts>;
  /** Told of the server's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
  /** Of a reply. Default 5,242,880. */
  readonly maximumReplyBytes?: number;
  readonly effects: SmspEffects;
}

export interface SmspClient {
  /** Never rejects, and never sends a question twice: CP-IS would count it as a second access. */
  send(question: SmspQuestion): Promise<SmspOutcome>;
  /** Ends all questions and connections. */
  close(): void;
}

const defaultAnswerMilliseconds = 30_000;
const defaultMaximumReplyBytes = 5_242_880;

/** "2026-03-02T10:15:00Z" */
function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function envelopeOf(question: SmspQuestion, settings: SmspSettings, payloadUuid: string): DistributionEnvelope {
  const id = `uuid_${payloadUuid}`;
  return {
    header: {
      service: settings.requestService,
      trackingId: question.trackingId,
      addresses: [odsAddress(settings.providerOdsCode)],
      auditIdentities: [odsIdentity(settings.senderOdsCode)],
      manifest: [{ mimeType: "text/xml", id, profileId: settings.profileId }],
      senderAddress: odsAddress(settings.senderOdsCode),
      specifications: [{ key: interactionKey, value: smspQueryInteraction }],
    },
    payloads: [{ id, content: question.payload }],
  };
}

function headerOf(messageId: string, url: URL, settings: SmspSettings, now: number): WebServiceHeader {
  const { action, security } = settings;
  const header = { messageId, action, to: url.href };
  if (security.kind === "none") return header;
  const { username, lifetimeSeconds } = security;
  const expiresAt = instant(now + lifetimeSeconds * 1000);
  return { ...header, security: { username, createdAt: instant(now), expiresAt } };
}

function unknownOutcome(detail: string): SmspOutcome {
  return { kind: "timeout", error: new CpisError("SMSP_OUTCOME_UNKNOWN", { detail }) };
}

function invalidReply(detail: string): SmspOutcome {
  return { kind: "unparseable", error: new CpisError("SMSP_RESPONSE_INVALID", { detail }) };
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for settings, an address or TLS material that cannot be used. */
export function createSmspClient(options: SmspClientOptions): SmspClient {
  const url = readEndpoint(options.url);
  const settings = readSmspSettings(options.settings);
  const { effects, maximumReplyBytes = defaultMaximumReplyBytes } = options;
  const timeouts = { ...defaultConnectTimeouts, ...options.timeouts };
  const { answerMilliseconds = defaultAnswerMilliseconds } = options.timeouts ?? {};
  const codes = { connectFailed: "SMSP_CONNECT_FAILED", incomplete: "SMSP_OUTCOME_UNKNOWN" } as const;
  const https = createHttpsClient({
    secureContext: createTlsContext(options.tls),
    timeouts,
    codes,
    ...definedOnly({ proxy: options.proxy, peerShown: options.peerShown }),
  });
  const closing = new AbortController();

  const broken = (by: BrokenBy): SmspOutcome => {
    if (by === "no-http") return invalidReply("it is no HTTP");
    if (by === "signal") return unknownOutcome("the wait was ended");
    if (by === "time") return unknownOutcome(`no complete reply within ${answerMilliseconds} ms`);
    return unknownOutcome("the connection broke before the reply was complete");
  };

  /** Whatever happens after the first byte, the question is not posted again. */
  const readOutcome = async (outcome: HttpsOutcome, messageId: string): Promise<SmspOutcome> => {
    if (outcome.kind === "not-sent") return outcome;
    if (outcome.kind === "broken") return broken(outcome.by);
    const { reply } = outcome;
    if (!isUncoded(reply)) {
      reply.discard();
      return invalidReply("it is compressed, which was not asked for");
    }
    const whole = await reply.readWhole(maximumReplyBytes);
    if (whole.kind === "broken") return broken(whole.by);
    if (whole.kind === "too-large") return invalidReply(`it is larger than ${maximumReplyBytes} bytes`);
    const contentType = reply.headers.get("content-type");
    const typed = contentType === undefined ? {} : { contentType };
    return interpretReply({ status: reply.status, ...typed, body: whole.body }, messageId);
  };

  return {
    send: async (question) => {
      if (closing.signal.aborted) return { kind: "not-sent", error: new CpisError("CONFIG_CLOSED") };
      const messageId = `${settings.messageIdPrefix}${question.messageId}`;
      const envelope = distributionEnvelopeNode(envelopeOf(question, settings, effects.newUuid()));
      const outcome = await https.exchange({
        method: "POST",
        url,
        headers: {
          SOAPAction: `"${settings.action}"`,
          "Content-Type": "text/xml; charset=utf-8",
          "Accept-Encoding": "identity",
        },
        body: encodeWebServiceMessage(headerOf(messageId, url, settings, effects.now()), envelope),
        limit: { milliseconds: answerMilliseconds, from: "now" },
        signal: AbortSignal.any([closing.signal, ...(question.signal === undefined ? [] : [question.signal])]),
      });
      return readOutcome(outcome, messageId);
    },
    close: () => {
      closing.abort();
      https.close();
    },
  };
}
