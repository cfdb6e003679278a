// What must be known before a query can be written, each named when it is missing.
import { CpisError } from "../../errors.js";
import { isAsid, parseUuid } from "../../identifiers.js";
import type { Author, Hl7Time, OrganisationRef, PersonAuthor, PersonName, Role, SystemAuthor } from "../model.js";

/** Of a query stub, what can be missing. */
interface StubFacts {
  readonly author: Author;
  readonly eventId: string;
  readonly queriedAt: Hl7Time;
}

/** Of the whole request. */
interface RequestFacts extends StubFacts {
  readonly fromAsid: string;
  readonly toAsid: string;
  readonly messageId: string;
}

function refuse(detail: string): never {
  throw new CpisError("CPIS_INVALID_REQUEST", { detail });
}

function requireText(text: string | undefined, name: string): void {
  if (text === undefined || text.trim() === "") refuse(`${name} is missing`);
}

function requireAsid(text: string | undefined, name: string): void {
  requireText(text, name);
  if (text === undefined || !isAsid(text)) refuse(`${name} must have 12 digits`);
}

function requireRole(role: Role | undefined, holder: string): void {
  requireText(role?.code, `the role code of ${holder}`);
  requireText(role?.displayName, `the role name of ${holder}`);
}

function requireName(name: PersonName, holder: string): void {
  if ([...name.given, name.family, name.text].every((text) => (text ?? "").trim() === "")) {
    refuse(`the name of ${holder} is missing`);
  }
}

function requireOrganisation(organisation: OrganisationRef): void {
  requireText(organisation.code, "the organisation code");
  requireText(organisation.name, "the organisation name");
}

function requirePerson(author: PersonAuthor): void {
  requireText(author.userId, "the user id");
  requireRole(author.role, "the user");
  requireName(author.name, "the user");
}

function requireSystem(author: SystemAuthor): void {
  requireAsid(author.asid, "the ASID of the asking system");
  for (const { role, name } of author.responsible) {
    requireRole(role, "the responsible person");
    requireName(name, "the responsible person");
  }
}

function requireAuthor(author: Author): void {
  if (author.kind === "person") requirePerson(author);
  else requireSystem(author);
  requireOrganisation(author.organisation);
}

/** Both throw CPIS_INVALID_REQUEST whose detail names the first thing that is missing or malformed. */
export function validateQueryStub(stub: StubFacts): void {
  requireAuthor(stub.author);
  parseUuid(stub.eventId);
  if (stub.queriedAt.iso === undefined) refuse("the time of the query is missing");
}

export function validateQueryRequest(request: RequestFacts): void {
  validateQueryStub(request);
  requireAsid(request.fromAsid, "the sender's ASID");
  requireAsid(request.toAsid, "the receiver's ASID");
  parseUuid(request.messageId);
}
