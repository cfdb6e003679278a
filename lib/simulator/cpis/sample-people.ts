// The invented local authorities, professionals and dates that the simulator's sample children are made of.
import type { Author, LocalAuthority, PersonAuthor, PlanDate, SystemAuthor } from "../../cpis/model.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";

const dayMilliseconds = 86_400_000;

/** Midnight of a day relative to `now`, as a plan date. */
export function planDate(now: number, days: number): PlanDate {
  return `${new Date(now + days * dayMilliseconds).toISOString().slice(0, 10)}T00:00`;
}

/** Telephone numbers are of the ranges that Ofcom keeps free for drama: nobody is called by mistake. */
export const exampleCounty: LocalAuthority = {
  code: "999",
  codeType: "organisation",
  name: "EXAMPLE COUNTY COUNCIL",
  officeHoursTelephone: "01632960001",
  emergencyDutyTelephone: "01632960999",
};

export const exampleBorough: LocalAuthority = {
  code: "998",
  codeType: "organisation",
  name: "LONDON BOROUGH OF EXAMPLE",
  officeHoursTelephone: "02079460001",
  emergencyDutyTelephone: "02079460002",
};

export const exampleSite: LocalAuthority = {
  code: "99901",
  codeType: "site",
  name: "EXAMPLE COUNTY COUNCIL, NORTH OFFICE",
  officeHoursTelephone: "01632960011",
  emergencyDutyTelephone: "01632960999",
};

export const consultant: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "NR0050", codeSystem: objectIdentifiers.jobRole, displayName: "Consultant" },
  name: { prefix: "Dr", given: ["Zoë"], family: "Example" },
  organisation: { code: "ZT7", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
};

/** Role code in the newer style of three parts. */
export const nurse: PersonAuthor = {
  kind: "person",
  userId: "990000002001",
  roleProfileId: "990000002002",
  role: { code: "S0010:G0020:R0050", codeSystem: objectIdentifiers.jobRole, displayName: "Triage nurse" },
  name: { given: ["Grace"], family: "Sample-Okafor" },
  organisation: { code: "ZT8", codeType: "organisation", name: "SAMPLE WALK-IN CENTRE" },
};

/** A distributed service names the place of the caller and whom to ring in the texts it has. */
export const urgentCare: SystemAuthor = {
  kind: "system",
  asid: "990000000209",
  organisation: { code: "ZX8", codeType: "organisation", name: "EXAMPLE URGENT CARE (caller in Sampleton)" },
  responsible: [
    {
      role: {
        code: "R0050",
        codeSystem: objectIdentifiers.jobRole,
        displayName: "Safeguarding lead, ring 01632 960555",
      },
      name: { prefix: "Ms", given: ["Nominated"], family: "Lead" },
    },
  ],
};

/** Many different people, so that the 24 hour rule keeps them apart. */
export function numberedAuthor(index: number): Author {
  const number = String(index).padStart(3, "0");
  return {
    ...consultant,
    userId: `990000003${number}`,
    roleProfileId: `990000004${number}`,
    name: { given: ["Clinician"], family: `Number ${number}` },
  };
}
