// The object identifiers of NHS England that HL7 V3 messages name their schemes by.

export const objectIdentifiers = {
  nhsNumber: "2.16.840.1.113883.2.1.4.1",
  /** An NHS number that nobody has verified on PDS. */
  unverifiedNhsNumber: "2.16.840.1.113883.2.1.3.2.4.18.23",
  localPersonId: "2.16.840.1.113883.2.1.3.2.4.18.24",
  odsOrganisation: "2.16.840.1.113883.2.1.3.2.4.19.1",
  odsSite: "2.16.840.1.113883.2.1.3.2.4.19.2",
  sdsUserId: "1.2.826.0.1285.0.2.0.65",
  sdsRoleProfileId: "1.2.826.0.1285.0.2.0.67",
  asid: "1.2.826.0.1285.0.2.0.107",
  sdsRole: "1.2.826.0.1285.0.2.1.104",
  interactionId: "2.16.840.1.113883.2.1.3.2.4.12",
  contentId: "2.16.840.1.113883.2.1.3.2.4.18.16",
  jobRole: "2.16.840.1.113883.2.1.3.2.4.17.196",
  spineErrorCode: "2.16.840.1.113883.2.1.3.2.4.17.42",
  smspStatus: "2.16.840.1.113883.2.1.3.2.4.17.499",
  uploadRecordResponse: "2.16.840.1.113883.2.1.3.2.4.17.473",
} as const;
