// The plain data that the HL7 V3 data types become.

/** `iso` is present when the text could be read; a time without zone is shown as it came and sorted as if UTC. */
export interface Hl7Time {
  readonly raw: string;
  readonly iso?: string;
  readonly zone: "explicit" | "none";
}

/** A code and, when given, the code of its qualifier. */
export interface CodedText {
  readonly code: string;
  readonly codeSystem?: string;
  readonly displayName?: string;
  readonly qualifier?: string;
}

/** `code` is the ODS code as it was sent; compare it without regard to case. */
export interface OrganisationRef {
  readonly code?: string;
  readonly codeType?: "organisation" | "site";
  readonly name?: string;
}

/** `text` is a name that came as plain text. */
export interface PersonName {
  readonly prefix?: string;
  readonly given: readonly string[];
  readonly family?: string;
  readonly suffix?: string;
  readonly text?: string;
}

/** An instance identifier: what scheme, and which in it. */
export interface InstanceIdentifier {
  readonly root?: string;
  readonly extension?: string;
  readonly assigningAuthorityName?: string;
}

/** A telephone number without "tel:"; `uses` as in HP, WP, EC. */
export interface Telecom {
  readonly number: string;
  readonly uses: readonly string[];
}
