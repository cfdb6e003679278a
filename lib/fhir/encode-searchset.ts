// An answer of CP-IS as FHIR R4 searchset Bundles, by the mapping that NHS England publishes with its CP-IS FHIR API.
import { definedOnly } from "../defined-only.js";
import type {
  AccessRecord,
  Author,
  OrganisationRef,
  PersonName,
  Plan,
  PlanType,
  QueryFound,
  QueryNotFound,
  Role,
} from "../cpis/model.js";
import { londonOffset, wallClock } from "../time/london-time.js";
import { encodeWarnings } from "./encode-operation-outcome.js";
import type {
  AuditEvent,
  BundleEntry,
  CareTeam,
  CodeableConcept,
  Coding,
  EntryResource,
  PractitionerRole,
  Reference,
  SearchsetBundle,
} from "./resources.js";

/** Which search the Bundle answers: that for plans, or that for earlier accesses. */
export type Search = "CareTeam" | "AuditEvent";

export interface SearchsetOptions {
  readonly search: Search;
  /** Milliseconds since 1970: the time of the Bundle, by which a plan is current, ended or to come. */
  readonly at: number;
  /** The same UUID, lower case, for the same name: ids of resources never hold anything of a patient's. */
  readonly uuidOf: (name: string) => string;
}

const systems = {
  nhsNumber: "https://fhir.nhs.uk/Id/nhs-number",
  organisation: "https://fhir.nhs.uk/Id/ods-organization-code",
  site: "https://fhir.nhs.uk/Id/ods-site-code",
  snomed: "http://snomed.info/sct",
} as const;

/** SNOMED CT, UK edition. */
export const planCategories: Readonly<Record<PlanType, Coding>> = {
  "child-protection-plan": {
    system: systems.snomed,
    code: "342191000000101",
    display: "Subject to child protection plan",
  },
  "looked-after-child": { system: systems.snomed, code: "764841000000100", display: "Looked after child" },
  "unborn-child-protection-plan": {
    system: systems.snomed,
    code: "818901000000100",
    display: "Unborn child subject to child protection plan",
  },
};

const query: Coding = { system: "http://dicom.nema.org/resources/ontology/DCM", code: "110112", display: "Query" };
const assigned: Coding = { system: "http://terminology.hl7.org/CodeSystem/v3-RoleClass", code: "ASSIGNED" };
const renderedValue = "http://hl7.org/fhir/StructureDefinition/rendered-value";
const dataAbsent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/** FHIR has no empty strings. */
function textOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** A plan without a time of day began or ended at midnight by CP-IS's own way of writing; FHIR can say just the day. */
function dateTimeOf(planDate: string): string {
  return planDate.endsWith("T00:00") ? planDate.slice(0, 10) : `${planDate}:00${londonOffset(planDate)}`;
}

function statusOf({ startDate, endDate }: Plan, now: string): CareTeam["status"] {
  if (endDate !== undefined && endDate < now) return "inactive";
  return startDate > now ? "proposed" : "active";
}

function organisationOf({ code, codeType, name }: OrganisationRef): Reference | undefined {
  const value = textOf(code);
  const display = textOf(name);
  if (value === undefined && display === undefined) return undefined;
  const system = codeType === "site" ? systems.site : systems.organisation;
  return {
    ...(value === undefined ? {} : { identifier: { system, value } }),
    ...definedOnly({ display }),
  };
}

function telecomOf({ localAuthority }: Plan): NonNullable<CareTeam["telecom"]> {
  const numbers = [
    { use: "mobile" as const, number: localAuthority.emergencyDutyTelephone },
    { use: "work" as const, number: localAuthority.officeHoursTelephone },
    ...(localAuthority.otherTelephones ?? []).map(({ number }) => ({ use: undefined, number })),
  ];
  return numbers.flatMap(({ use, number }) => {
    const value = textOf(number);
    if (value === undefined) return [];
    return [{ system: "phone" as const, value, ...definedOnly({ use }) }];
  });
}

function careTeamOf(plan: Plan, id: string, { nhsNumber, now }: { nhsNumber: string; now: string }): CareTeam {
  const { planType, startDate, endDate, localAuthority, subject } = plan;
  const name = textOf(localAuthority.name);
  const telecom = telecomOf(plan);
  const authority = organisationOf(localAuthority);
  const category = planCategories[planType];
  return {
    resourceType: "CareTeam",
    id,
    status: statusOf(plan, now),
    category: [{ coding: [category] }],
    ...definedOnly({ name }),
    subject: { identifier: { system: systems.nhsNumber, value: textOf(subject?.nhsNumber) ?? nhsNumber } },
    period: { start: dateTimeOf(startDate), ...(endDate === undefined ? {} : { end: dateTimeOf(endDate) }) },
    ...(authority === undefined ? {} : { managingOrganization: [authority] }),
    ...(telecom.length === 0 ? {} : { telecom }),
  };
}

function nameOf(name: PersonName): string | undefined {
  const parts = [name.prefix, ...name.given, name.family, name.suffix].map(textOf);
  return textOf(name.text) ?? textOf(parts.filter((part) => part !== undefined).join(" "));
}

function conceptOf({ code, codeSystem, displayName }: Role): CodeableConcept | undefined {
  const display = textOf(displayName);
  const isCode = /^\S+( \S+)*$/.test(code);
  if (isCode && codeSystem !== undefined && /^[0-2](\.[0-9]+)+$/.test(codeSystem))
    return { coding: [{ system: `urn:oid:${codeSystem}`, code, ...definedOnly({ display }) }] };
  const text = display ?? textOf(code);
  return text === undefined ? undefined : { text };
}

/** A system's access is told by its organisation and its responsible person; the published mapping leaves it open. */
function practitionerRoleOf(author: Author, id: string): PractitionerRole {
  const people = author.kind === "person" ? [author] : author.responsible;
  const display = textOf(people.flatMap(({ name }) => nameOf(name) ?? []).join(", "));
  const code = people.flatMap(({ role }) => (role === undefined ? [] : (conceptOf(role) ?? [])));
  const organization = organisationOf(author.organisation);
  return {
    resourceType: "PractitionerRole",
    id,
    ...(display === undefined ? {} : { practitioner: { display } }),
    ...definedOnly({ organization }),
    ...(code.length === 0 ? {} : { code }),
  };
}

/** A time without a zone is written as if UTC, and beside it as it came: nobody knows which was meant. */
function recordedOf({ accessedAt }: AccessRecord): Pick<AuditEvent, "recorded" | "_recorded"> {
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2}))?(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.exec(
    accessedAt?.iso ?? "",
  );
  const shown = textOf(accessedAt?.raw);
  if (accessedAt === undefined || parts === null) {
    const extension = [
      { url: dataAbsent, valueCode: "unknown" },
      ...(shown === undefined ? [] : [{ url: renderedValue, valueString: shown }]),
    ];
    return { _recorded: { extension } };
  }
  const [, minutes = "", seconds = "00", fraction = "", zone] = parts;
  const recorded = `${minutes}:${seconds}${fraction}${zone ?? "Z"}`;
  if (zone !== undefined) return { recorded };
  const valueString = `${minutes.replace("T", " ")}:${seconds}, time zone not given`;
  return { recorded, _recorded: { extension: [{ url: renderedValue, valueString }] } };
}

function auditEventOf(access: AccessRecord, id: string, role: Reference | undefined): AuditEvent {
  return {
    resourceType: "AuditEvent",
    id,
    type: query,
    action: "E",
    ...recordedOf(access),
    agent: [{ ...definedOnly({ who: role }), requestor: true }],
    source: { observer: { display: "Child Protection - Information Sharing (CP-IS)" } },
    ...(role === undefined ? {} : { entity: [{ what: role, type: assigned }] }),
  };
}

type Mode = BundleEntry["search"]["mode"];

function entryOf(resource: EntryResource & { readonly id: string }, mode: Mode): BundleEntry {
  return { fullUrl: `urn:uuid:${resource.id}`, resource, search: { mode } };
}

function accessEntries(accesses: readonly AccessRecord[], mode: Mode, idOf: (name: string) => string): BundleEntry[] {
  const roles: BundleEntry[] = [];
  const events = accesses.map((access, index) => {
    const id = idOf(`access ${String(index)}`);
    if (access.author === undefined) return entryOf(auditEventOf(access, id, undefined), mode);
    const role = practitionerRoleOf(access.author, idOf(`role ${String(index)}`));
    roles.push(entryOf(role, "include"));
    return entryOf(auditEventOf(access, id, { reference: `urn:uuid:${role.id}`, type: "PractitionerRole" }), mode);
  });
  return [...events, ...roles];
}

/**
 * The searchset Bundle for an answer that CP-IS gave. In the search for plans each plan is a match and the accesses are
 * included; `total` is the number of plans: 0 is said for "no CP-IS record" alone, since a failure has no Bundle. In the
 * search for accesses each access is a match, and `total` is what CP-IS said when it is more than it listed. Warnings
 * are an entry of their own (FHIR R4 Bundle, search mode "outcome").
 */
export function encodeSearchset(result: QueryFound | QueryNotFound, options: SearchsetOptions): SearchsetBundle {
  const { search, at, uuidOf } = options;
  const idOf = (name: string): string => uuidOf(`${result.eventId} ${name}`);
  const now = wallClock(at).now;
  const found = result.outcome === "found" ? result : undefined;
  const plans = (found?.plans ?? []).map((plan, index) =>
    entryOf(careTeamOf(plan, idOf(`plan ${String(index)}`), { nhsNumber: result.nhsNumber, now }), "match"),
  );
  const isForPlans = search === "CareTeam";
  const accesses = accessEntries(result.accesses, isForPlans ? "include" : "match", idOf);
  const warnings = encodeWarnings(result.warnings, found?.incomplete ?? false);
  const entry = [
    ...(isForPlans ? plans : []),
    ...accesses,
    ...(warnings === undefined ? [] : [entryOf({ ...warnings, id: idOf("warnings") }, "outcome")]),
  ];
  const total = isForPlans ? plans.length : Math.max(result.accesses.length, found?.totalAccesses ?? 0);
  return {
    resourceType: "Bundle",
    id: idOf(search),
    type: "searchset",
    timestamp: new Date(at).toISOString(),
    total,
    ...(entry.length === 0 ? {} : { entry }),
  };
}
