// Reads CP-ISNHSQueryResponse, the payload of a response: inside its interaction from Spine, bare from a Spine mini service.
import { known, parseIdRoot, parseInteger, parseTime, type ReceivedInteger } from "../../hl7v3/data-types.js";
import { child, children, elementAt, elementsAt, isHl7, textOf } from "../../hl7v3/elements.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { contentElements, type Warn } from "../templates/content-id.js";
import { parseLocalAuthority } from "../templates/local-authority.js";
import type { Hl7Time, LocalAuthority, ResponsePlan } from "../model.js";
import { parseResponsePlans } from "../templates/plan-template.js";
import { parseQueryEvent, type ReceivedAccess } from "./query-event.js";
import { parseReceivedSubjects, type ReceivedSubject } from "../templates/subject-template.js";

export const responsePayloadName = "CP-ISNHSQueryResponse";
export const accessTotalPath = ["pertinentInformation11", "pertinentTotalReturnedAccessRecords"] as const;
export const planTotalPath = ["pertinentInformation12", "pertinentTotalReturnedChildRecords"] as const;

/** What one local authority holds. */
export interface ReceivedRecord {
  readonly localAuthority: LocalAuthority;
  readonly plans: readonly ResponsePlan[];
  readonly subjects: readonly ReceivedSubject[];
  /** How many plan blocks of this record could not be read; absent when all could. */
  readonly unreadablePlans?: number;
}

/** A total is "unreadable" when there is a value that is no number, or several that differ. */
export interface ReceivedPayload {
  readonly respondedAt?: Hl7Time;
  readonly eventId?: string;
  readonly totalAccesses?: ReceivedInteger;
  readonly totalPlans?: ReceivedInteger;
  readonly accesses: readonly ReceivedAccess[];
  readonly records: readonly ReceivedRecord[];
}

function parseTotal(payloads: readonly XmlElement[], path: readonly [string, string]): ReceivedInteger | undefined {
  const totals = payloads
    .flatMap((payload) => elementsAt(payload, ...path, "value"))
    .map(parseInteger)
    .filter((total) => total !== undefined);
  return totals.every((total) => total === totals[0]) ? totals[0] : "unreadable";
}

function parseRecord(record: XmlElement, warn: Warn): ReceivedRecord {
  const holders = elementsAt(record, "CP-ISRecord", "pertinentInformation15");
  const parsed = holders.map((holder) => parseResponsePlans(holder, warn));
  const plans = parsed.flatMap((part) => part.plans);
  const unreadable = parsed.reduce((sum, part) => sum + part.unreadable, 0);
  const model: ReceivedRecord = {
    localAuthority: parseLocalAuthority(elementAt(record, "communicationFunctionSnd", "organisation")),
    plans,
    subjects: elementsAt(record, "CP-ISRecord", "subject").flatMap((subject) => parseReceivedSubjects(subject, warn)),
  };
  // A record without any plan was still meant to hold one.
  const unreadablePlans = plans.length === 0 ? Math.max(1, unreadable) : unreadable;
  return unreadablePlans === 0 ? model : { ...model, unreadablePlans };
}

const unreadableRecord: ReceivedRecord = { localAuthority: {}, plans: [], subjects: [], unreadablePlans: 1 };

/** Anything at all in pertinentInformation14 speaks of a plan, so what cannot be followed is an unreadable one. */
function parseRecords(payload: XmlElement, warn: Warn): readonly ReceivedRecord[] {
  return children(payload, "pertinentInformation14").flatMap((holder) => {
    const contents = contentElements(holder);
    if (contents.length === 0) return textOf(holder) === undefined ? [] : [unreadableRecord];
    return contents.flatMap((act) => {
      const records = act.localName === "pertinentCP-ISRecordControlAct" && isHl7(act) ? children(act, "record") : [];
      return records.length === 0 ? [unreadableRecord] : records.map((record) => parseRecord(record, warn));
    });
  });
}

/** Takes all payloads of one response, each a part of it. Never throws. */
export function parseResponsePayload(payloads: readonly XmlElement[], warn: Warn): ReceivedPayload {
  const [first] = payloads;
  return known<ReceivedPayload>({
    respondedAt: parseTime(child(first, "effectiveTime")),
    eventId: parseIdRoot(first),
    totalAccesses: parseTotal(payloads, accessTotalPath),
    totalPlans: parseTotal(payloads, planTotalPath),
    accesses: payloads
      .flatMap((payload) => elementsAt(payload, "pertinentInformation13", "pertinentCP-ISNHSQuery"))
      .map((event) => parseQueryEvent(event, warn)),
    records: payloads.flatMap((payload) => parseRecords(payload, warn)),
  });
}
