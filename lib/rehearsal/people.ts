// The invented people of a rehearsal: a clinician, and a system with the person who answers for it.
import type { PersonAuthor, SystemAuthor } from "../cpis/model.js";

const role = { code: "R8000", displayName: "Clinical Practitioner Access Role" };
const organisation = { code: "ZT6", name: "EXAMPLE REHEARSAL TRUST" };

export const personAuthor: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role,
  name: { prefix: "Dr", given: ["Ann"], family: "Rehearsal" },
  organisation,
};

export const systemAuthor: SystemAuthor = {
  kind: "system",
  organisation,
  responsible: [{ role, name: { given: [], text: "Dr Ann Rehearsal" } }],
};
