// By which contract an `ebxml transport` sends: typed in by the operator, or looked up in the Spine Directory Service.
import { CpisError } from "../../lib/errors.js";
import { parseAsid, parseCpaId, parsePartyKey } from "../../lib/identifiers.js";
import type { ManualContract } from "../../lib/sds/choose-endpoint.js";
import { defaultSpineOdsCode } from "../../lib/sds/contract-source.js";
import { selectPattern, type MessagingContract } from "../../lib/sds/contract.js";
import { parseDuration } from "../../lib/time/duration.js";
import { readSecret } from "../adapter/runtime/credentials.js";
import type { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

/** Where the directory is, and how we are known there. */
export interface DirectorySettings {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Of the organisation that messages go to. */
  readonly odsCode: string;
  /** A contract is used for so long without asking again. */
  readonly freshMilliseconds: number;
  /** A TLS node with authorities of its own; undefined: the public ones. */
  readonly tlsNodeId: string | undefined;
}

/** Of which messages the fields are that the operator has typed in. */
export type OverriddenMessages = "query" | "upload" | "all";

export type ContractWay =
  | { readonly kind: "by-hand"; readonly contract: MessagingContract }
  | {
      readonly kind: "by-lookup";
      readonly directory: DirectorySettings;
      /** Each stands above what the directory says. */
      readonly typed: ManualContract;
      readonly typedFor: OverriddenMessages;
    };

const minuteMilliseconds = 60_000;
const defaultFreshMinutes = 15;

/** Whether it names a pattern is checked at once, whereas the directory's is checked when it is used. */
function readContract(fields: FieldReader): MessagingContract {
  const contract: MessagingContract = {
    endpointUrl: fields.required("endpointUrl", "endpointUrl"),
    cpaId: parseCpaId(fields.required("cpaId", "token")),
    toPartyKey: parsePartyKey(fields.required("toPartyKey", "partyKey")),
    toAsid: parseAsid(fields.required("toAsid", "asid")),
    syncReplyMode: fields.required("syncReplyMode", "syncReplyMode"),
    ackRequested: fields.required("ackRequested", "always"),
    duplicateElimination: fields.required("duplicateElimination", "always"),
    actor: fields.choice("actor", ["", "toPartyMSH", "nextMSH"], ""),
    retries: fields.number("retries", "wholeNumber", 0),
    retryIntervalMilliseconds: parseDuration(fields.optional("retryInterval", "duration", "PT0S")),
    persistDurationMilliseconds: parseDuration(fields.optional("persistDuration", "duration", "PT0S")),
  };
  selectPattern(contract);
  return contract;
}

function readTyped(fields: FieldReader): ManualContract {
  const given = <Name extends keyof MessagingContract>(
    name: Name,
    text: string,
    read: (text: string) => MessagingContract[Name],
  ): ManualContract => (text === "" ? {} : { [name]: read(text) });
  const asIs = (text: string): string => text;
  return {
    ...given("endpointUrl", fields.optional("endpointUrl", "endpointUrl", ""), asIs),
    ...given("cpaId", fields.optional("cpaId", "token", ""), parseCpaId),
    ...given("toPartyKey", fields.optional("toPartyKey", "partyKey", ""), parsePartyKey),
    ...given("toAsid", fields.optional("toAsid", "asid", ""), asIs),
    ...given("syncReplyMode", fields.optional("syncReplyMode", "syncReplyMode", ""), asIs),
    ...given("ackRequested", fields.optional("ackRequested", "always", ""), asIs),
    ...given("duplicateElimination", fields.optional("duplicateElimination", "always", ""), asIs),
    ...given("actor", fields.choice("actor", ["", "toPartyMSH", "nextMSH"], ""), asIs),
    ...given("retries", fields.optional("retries", "wholeNumber", ""), Number),
    ...given("retryIntervalMilliseconds", fields.optional("retryInterval", "duration", ""), parseDuration),
    ...given("persistDurationMilliseconds", fields.optional("persistDuration", "duration", ""), parseDuration),
  };
}

function readDirectory(fields: FieldReader, credentials: object, words: Words): DirectorySettings {
  const apiKey = readSecret(credentials, "sdsApiKey");
  if (apiKey === "") throw new CpisError("CONFIG_MISSING", { detail: words("field.sdsApiKey") });
  return {
    baseUrl: fields.required("sdsBaseUrl", "endpointUrl"),
    apiKey,
    odsCode: fields.optional("spineOdsCode", "odsCode", defaultSpineOdsCode),
    freshMilliseconds: fields.number("sdsCacheMinutes", "minutes", defaultFreshMinutes) * minuteMilliseconds,
    tlsNodeId: fields.configNode("sdsTls"),
  };
}

/** Throws CONFIG_MISSING, CONFIG_INVALID or CONFIG_CONTRACT, naming the field as the dialog does; no text holds the key. */
export function readContractWay(fields: FieldReader, credentials: object, words: Words): ContractWay {
  if (fields.choice("contractBy", ["lookup", "hand"], "lookup") === "hand") {
    return { kind: "by-hand", contract: readContract(fields) };
  }
  return {
    kind: "by-lookup",
    directory: readDirectory(fields, credentials, words),
    typed: readTyped(fields),
    typedFor: fields.choice("typedFor", ["query", "upload", "all"], "query"),
  };
}
