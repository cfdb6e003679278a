// Reads what the sidebar asks for: nothing of a request is trusted, and no value of it is repeated in an error.
import type { StrandedOwner } from "../../lib/services/message-log/stranded-work.js";
import { CpisError } from "../../lib/errors.js";
import { parseNhsNumber } from "../../lib/cpis/nhs-number.js";
import {
  type Direction,
  inboundStates,
  isMessageRowId,
  type MessageState,
  outboundStates,
} from "../../lib/store/message-model.js";
import {
  outcomeFilters,
  type LogFilter,
  type OutcomeFilter,
} from "../../lib/services/message-log/message-log-model.js";

export const largestPage = 200;
const usualPage = 50;
const longestText = 300;
const longestPosition = 200;

const directions: readonly Direction[] = ["outbound", "inbound"];
const states: readonly MessageState[] = [...outboundStates, ...inboundStates];
const filterNames: readonly (keyof LogFilter)[] = [
  "from",
  "before",
  "direction",
  "states",
  "interaction",
  "channel",
  "errorCode",
  "outcomes",
  "needsPerson",
  "nhsNumber",
  "conversationId",
];

function refuse(field: string): never {
  throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: field });
}

function readObject(value: unknown, field: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(field);
  return value;
}

function readText(value: unknown, field: string, longest = longestText): string {
  if (typeof value !== "string" || value === "" || value.length > longest) return refuse(field);
  return value;
}

function readTime(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return refuse(field);
  return value;
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, field: string): Word {
  return words.find((word) => word === value) ?? refuse(field);
}

function readStates(value: unknown): readonly MessageState[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > states.length) return refuse("states");
  return value.map((state) => oneOf(states, state, "states"));
}

function readOutcomes(value: unknown): readonly OutcomeFilter[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > outcomeFilters.length) return refuse("outcomes");
  return value.map((outcome) => oneOf(outcomeFilters, outcome, "outcomes"));
}

function readFlag(value: unknown, field: string): boolean {
  return typeof value === "boolean" ? value : refuse(field);
}

/** Throws CPIS_INVALID_NHS_NUMBER, which says why and never which. */
function readNhsNumber(value: unknown): string {
  return parseNhsNumber(readText(value, "nhsNumber", 40));
}

/** Absent and null fields filter nothing. Throws CPIS_LOG_REQUEST_INVALID, which names the field, or CPIS_INVALID_NHS_NUMBER. */
export function readFilter(value: unknown): LogFilter {
  if (value === undefined) return {};
  const filter = readObject(value, "filter");
  if (Object.keys(filter).some((key) => !filterNames.some((name) => name === key))) return refuse("filter");
  const given = <Value>(name: keyof LogFilter, read: (value: unknown) => Value): Partial<Record<string, Value>> => {
    const field: unknown = Reflect.get(filter, name);
    return field === undefined || field === null ? {} : { [name]: read(field) };
  };
  return {
    ...given("from", (field) => readTime(field, "from")),
    ...given("before", (field) => readTime(field, "before")),
    ...given("direction", (field) => oneOf(directions, field, "direction")),
    ...given("states", readStates),
    ...given("interaction", (field) => readText(field, "interaction")),
    ...given("channel", (field) => readText(field, "channel")),
    ...given("errorCode", (field) => readText(field, "errorCode")),
    ...given("outcomes", readOutcomes),
    ...given("needsPerson", (field) => readFlag(field, "needsPerson")),
    ...given("nhsNumber", readNhsNumber),
    ...given("conversationId", (field) => readText(field, "conversationId")),
  };
}

export interface PageRequest {
  readonly filter: LogFilter;
  readonly limit: number;
  readonly after?: string;
}

export function readPageRequest(body: unknown): PageRequest {
  const request = readObject(body, "body");
  const limit: unknown = Reflect.get(request, "limit") ?? usualPage;
  const isLimit = typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= largestPage;
  if (!isLimit) return refuse("limit");
  const after: unknown = Reflect.get(request, "after");
  return {
    filter: readFilter(Reflect.get(request, "filter")),
    limit,
    ...(after === undefined ? {} : { after: readText(after, "after", longestPosition) }),
  };
}

/** The number of a message in its store. */
export function readMessageId(body: unknown): number {
  const id: unknown = Reflect.get(readObject(body, "body"), "id");
  return isMessageRowId(id) ? id : refuse("id");
}

/** The owner of stranded work that a decision is about. */
export function readOwner(body: unknown): StrandedOwner {
  const request = readObject(body, "body");
  return {
    channel: readText(Reflect.get(request, "channel"), "channel"),
    party: readText(Reflect.get(request, "party"), "party"),
  };
}

/** The channel of the transport that is to have it. */
export function readAdopter(body: unknown): string {
  return readText(Reflect.get(readObject(body, "body"), "to"), "to");
}

/** The store that is asked; undefined for the only one, or the first. */
export function readStoreKey(body: unknown): string | undefined {
  const key: unknown = Reflect.get(readObject(body, "body"), "store");
  return key === undefined ? undefined : readText(key, "store", 40);
}
