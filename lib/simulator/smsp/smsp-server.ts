// A Spine mini service to test and demonstrate against: ITK web services over mutual TLS, on the loopback address.
import { httpsUrl, requireLoopback } from "../loopback-server.js";
import { undisturbed } from "../spine/network-fault.js";
import { openListener, type RequestEnd } from "../spine/message-listener.js";
import type { SimulatorEffects, SimulatorEvents } from "../model.js";
import type { IssuedCertificate, Pki } from "../pki/pki.js";
import type { CpisRegister } from "../cpis/register.js";
import { emptyReply } from "../spine/replies.js";
import type { SmspConduct } from "./smsp-behaviour.js";
import { answerNode, encodeSmspReply, smspFaultReply, statusNode, type SmspAnswerParts } from "./smsp-answer.js";
import { findSmspNumber } from "./smsp-numbers.js";
import type { QueryStub } from "../../cpis/query/query-stub.js";
import { parseBareQueryStub } from "../messages/query-stub.js";
import { smspStatus } from "../../cpis/query/smsp-status.js";
import { smspQueryInteraction } from "../../smsp/smsp-client.js";
import { validateQueryStub } from "../../cpis/query/validate-request.js";
import { CpisError, isCpisError } from "../../errors.js";
import {
  interactionOf,
  parseDistributionEnvelope,
  type DistributionHeader,
  type ReceivedDistribution,
} from "../../itk/distribution-envelope.js";
import { isItk } from "../../itk/names.js";
import { readWebServiceHeader, type ReceivedWebServiceHeader } from "../../itk/web-service-message.js";
import { parseSoapEnvelope } from "../../soap/envelope.js";
import type { XmlElement } from "../../xml/xml-element.js";

export type SmspReading =
  | {
      readonly kind: "question";
      readonly soap: ReceivedWebServiceHeader;
      readonly header: Partial<DistributionHeader>;
      readonly query: QueryStub;
    }
  /** The envelope can be answered, and its payload is not a valid query. */
  | {
      readonly kind: "invalid";
      readonly soap: ReceivedWebServiceHeader;
      readonly header: Partial<DistributionHeader>;
      readonly error: CpisError;
    }
  | { readonly kind: "refused"; readonly error: CpisError };

function readQuery(payload: XmlElement): QueryStub | CpisError {
  try {
    const query = parseBareQueryStub(payload);
    validateQueryStub(query);
    return query;
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

/** Routed on the interaction alone, as the official harness does. Throws SMSP_MALFORMED or what the envelope throws. */
function readEnvelope(body: XmlElement): ReceivedDistribution {
  const envelope = body.children.find((child) => isItk(child, "DistributionEnvelope"));
  if (envelope === undefined) throw new CpisError("SMSP_MALFORMED", { detail: "DistributionEnvelope is missing" });
  const distribution = parseDistributionEnvelope(envelope);
  if (interactionOf(distribution.header) !== smspQueryInteraction) {
    throw new CpisError("SMSP_MALFORMED", { detail: "the interaction is not the query of CP-IS" });
  }
  return distribution;
}

/** Takes the body of an HTTP request. Never throws for anything that can be in the bytes. */
export function readSmspQuestion(bytes: Uint8Array): SmspReading {
  try {
    const { header: soapHeader, body } = parseSoapEnvelope(bytes);
    const soap = readWebServiceHeader(soapHeader);
    const { header, payloads } = readEnvelope(body);
    const [payload, ...others] = payloads;
    if (payload === undefined || others.length > 0) {
      throw new CpisError("SMSP_MALFORMED", { detail: "there is more than one payload" });
    }
    const query = readQuery(payload.content);
    if (isCpisError(query)) return { kind: "invalid", soap, header, error: query };
    return { kind: "question", soap, header, query };
  } catch (error) {
    if (isCpisError(error)) return { kind: "refused", error };
    throw error;
  }
}

export interface SmspServerOptions {
  readonly pki: Pki;
  /** Answers come from it, and accesses go to it: that of the simulated Spine, as a rule. */
  readonly register: CpisRegister;
  readonly effects: SimulatorEffects;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default: one is issued. */
  readonly certificate?: IssuedCertificate;
  /** Of the simulated provider. Default "ZSM". */
  readonly providerOdsCode?: string;
  /** Of a question. Default 1,048,576. */
  readonly maximumBytes?: number;
  /** Told of each access that is new, as the events of the simulated Spine tell of theirs. */
  accessed?(access: SimulatorEvents["access"][0]): void;
  /** Told of a question that was refused; by codes, without content. */
  refused?(reason: string): void;
}

export interface SmspServer {
  /** What a client posts to. */
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  readonly providerOdsCode: string;
  /** How many questions came whole. */
  readonly questions: number;
  setConduct(conduct: SmspConduct): void;
  close(): Promise<void>;
}

const smspPath = "/smsp";
const defaultMaximumBytes = 1_048_576;
const somebodyElse = "<!doctype html><title>Sign in</title>";

function issueCertificate(pki: Pki, host: string): Promise<IssuedCertificate> {
  const commonName = "Spine mini service simulator";
  return pki.issue({ commonName, dnsNames: ["localhost"], ipAddresses: [host], usage: "server" });
}

/** As Spine does: a query for a child that is held is an access, also when its answer is lost. */
function recordAccess({ nhsNumber, eventId, author }: QueryStub, options: SmspServerOptions): void {
  const { register, effects } = options;
  const record = register.find(nhsNumber);
  if (record === undefined || findSmspNumber(nhsNumber) !== undefined) return;
  const access = { accessId: eventId, accessedAt: effects.now(), author };
  if (!register.recordAccess(nhsNumber, access)) return;
  const byName = new Map(record.plans.map(({ localAuthority }) => [JSON.stringify(localAuthority), localAuthority]));
  options.accessed?.({ nhsNumber, access, localAuthorities: [...byName.values()] });
}

/** Reads, records and answers. Status "SMSP-0001" for a payload that is no valid query. */
function answer(body: Buffer, conduct: SmspConduct, options: SmspServerOptions, parts: SmspAnswerParts): RequestEnd {
  const reading = readSmspQuestion(body);
  if (reading.kind === "refused") {
    options.refused?.(reading.error.code);
    return { kind: "reply", reply: smspFaultReply("Client", reading.error.code, parts.effects) };
  }
  if (reading.kind === "invalid") {
    options.refused?.(reading.error.code);
    const content = statusNode(smspStatus("SMSP-0001"), parts.effects.newUuid(), parts.effects);
    return { kind: "reply", reply: encodeSmspReply(reading, content, conduct, parts) };
  }
  recordAccess(reading.query, options);
  const reply = encodeSmspReply(reading, answerNode(reading.query, conduct, parts), conduct, parts);
  if (conduct.kind !== "reset") return { kind: "reply", reply };
  return conduct.afterBytes === undefined
    ? { kind: "reset" }
    : { kind: "reply", reply, cutAfterBytes: conduct.afterBytes };
}

function take(body: Buffer, conduct: SmspConduct, options: SmspServerOptions, parts: SmspAnswerParts): RequestEnd {
  switch (conduct.kind) {
    case "http-status":
      return { kind: "reply", reply: emptyReply(conduct.status) };
    case "fault":
      return { kind: "reply", reply: smspFaultReply(conduct.faultCode, "a fault was asked for", parts.effects) };
    case "not-soap":
      return {
        kind: "reply",
        reply: { status: 200, headers: { "Content-Type": "text/html" }, body: Buffer.from(somebodyElse) },
      };
    case "silence":
      answer(body, conduct, options, parts);
      return { kind: "silence" };
    default:
      return answer(body, conduct, options, parts);
  }
}

/** Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN. */
export async function createSmspServer(options: SmspServerOptions): Promise<SmspServer> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const { pki, register, effects, providerOdsCode = "ZSM" } = options;
  const certificate = options.certificate ?? (await issueCertificate(pki, host));
  const parts: SmspAnswerParts = { register, effects, providerOdsCode };
  let conduct: SmspConduct = { kind: "normal" };
  let questions = 0;
  const listener = await openListener({
    host,
    port: options.port ?? 0,
    ...certificate,
    caPem: pki.caPem,
    maximumBytes: options.maximumBytes ?? defaultMaximumBytes,
    isKnownPath: (path) => path === smspPath,
    disturb: () => undisturbed,
    take: (request) => {
      questions += 1;
      return Promise.resolve({ end: take(request.body, conduct, options, parts), sent: () => undefined });
    },
    refused: (status, reason) => options.refused?.(`${status} ${reason}`),
    failed: () => options.refused?.("CPIS_INTERNAL"),
  });
  return {
    url: `${httpsUrl(host, listener.port)}${smspPath}`,
    port: listener.port,
    caPem: pki.caPem,
    providerOdsCode,
    get questions() {
      return questions;
    },
    setConduct: (next) => {
      conduct = next;
    },
    close: () => listener.close(),
  };
}
