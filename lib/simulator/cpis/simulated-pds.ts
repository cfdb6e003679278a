// The simulated Personal Demographics Service: whom it knows, and what it says about a person of an upload.
import { createRecentMap } from "../recent-map.js";
import type { RegisterRecord } from "./register.js";
import { findSpecialUploadNumber, type RecordRefusalCode } from "./special-upload-numbers.js";
import type { CodedText, Subject } from "../../cpis/model.js";
import { readNhsNumber } from "../../cpis/nhs-number.js";

export interface PdsRefusal {
  readonly code: RecordRefusalCode;
  readonly detail?: CodedText;
}

export interface SimulatedPds {
  /** While it is true no upload can be checked. */
  isOut: boolean;
  /** From now on the people of this record are known by their birth date and family name. */
  learn(record: RegisterRecord): void;
  /** From now on the number belongs to nobody; `replacedBy` are the numbers the person has now. */
  inactivate(nhsNumber: string, replacedBy: readonly string[]): void;
  /** Why a person cannot be verified; undefined for one who is. */
  refusalOf(subject: Subject): PdsRefusal | undefined;
  /** Back to the start: nobody is known, no number is inactive, no outage. */
  reset(): void;
}

interface Demographics {
  readonly familyName: string | undefined;
  readonly birthDate: string | undefined;
}

function comparableName(name: string | undefined): string | undefined {
  return name?.normalize("NFC").trim().toUpperCase();
}

/** Given names are not compared: PDS tries them in several ways. */
function isSamePerson(one: Demographics, other: Demographics): boolean {
  return one.birthDate === other.birthDate && comparableName(one.familyName) === comparableName(other.familyName);
}

/** `maximumNumbers`: of each kind; the oldest are forgotten. */
export function createSimulatedPds(maximumNumbers: number): SimulatedPds {
  /** A pregnant child has two persons under her number: herself, and herself as a mother. */
  const people = createRecentMap<readonly Demographics[]>(maximumNumbers);
  const inactive = createRecentMap<readonly string[]>(maximumNumbers);
  const pds: SimulatedPds = {
    isOut: false,
    learn: ({ nhsNumber, plans }) => {
      const found = plans.map(({ subject }) => subject).filter((subject) => subject !== undefined);
      people.set(
        nhsNumber,
        found.map(({ familyName, birthDate }) => ({ familyName, birthDate })),
      );
    },
    inactivate: (nhsNumber, replacedBy) => inactive.set(nhsNumber, replacedBy),
    refusalOf: (subject) => {
      const nhsNumber = readNhsNumber(subject.nhsNumber ?? "");
      if (nhsNumber === undefined) return { code: "CPR04" };
      const special = findSpecialUploadNumber(nhsNumber);
      if (special !== undefined) return special;
      const replacements = inactive.get(nhsNumber);
      if (replacements !== undefined) return { code: replacements.length === 0 ? "CPR01" : "CPR05" };
      const { familyName, birthDate } = subject;
      const known = people.get(nhsNumber) ?? [];
      const isVerified = known.length === 0 || known.some((person) => isSamePerson(person, { familyName, birthDate }));
      return isVerified ? undefined : { code: "CPR03" };
    },
    reset: () => {
      people.clear();
      inactive.clear();
      pds.isOut = false;
    },
  };
  return pds;
}
