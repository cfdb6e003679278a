// The messages of the crash test: what both processes must know of them.

export const ownPartyKey = "ZT7-900145";
export const ownAsid = "990000000145";
export const partyCpaId = "S9000145A9000201";

export const businessInteraction = { service: "urn:nhs:names:services:example", action: "REPC_IN990001GB01" };
export const queryInteraction = { service: "urn:nhs:names:services:cpisquery", action: "QUPC_IN000006GB01" };

/** Of the responses to the messages that ask for one. */
export const responseAction = "REPC_IN990002GB01";

/** An HL7 message of the size of a small real one. */
export function businessPayload(hl7Id: string): Buffer {
  const { action } = businessInteraction;
  const text = `<text>${"This says nothing about anybody. ".repeat(60)}</text>`;
  return Buffer.from(`<${action} xmlns="urn:hl7-org:v3"><id root="${hl7Id}"/>${text}</${action}>`, "utf8");
}
