// What the result codes of an upload mean to people, and whether and how to send again.

export type MayResend = "after-correction" | "same-content-later" | "never" | "not-needed";

export interface UploadResultWords {
  readonly meaning: string;
  readonly advice: string;
  readonly isSuccess: boolean;
  readonly mayResend: MayResend;
}

/** CP-ISUploadRecordResponse: what CP-IS says of one record. */
export const uploadRecordResults = {
  CPR01: {
    meaning: "No patient was found for the NHS number.",
    advice: "Trace the person on PDS, correct the NHS number, and send the record again.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPR02: {
    meaning: "The patient's record is sensitive. CP-IS does not hold it.",
    advice: "Do not send the record again. Follow your local authority's manual procedure for alerting.",
    isSuccess: false,
    mayResend: "never",
  },
  CPR03: {
    meaning: "The NHS number was not verified: the name or date of birth does not match well enough.",
    advice: "Check name, date of birth and NHS number, trace the person on PDS again, and send the corrected record.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPR04: {
    meaning: "The NHS number is not in the right form.",
    advice: "Obtain the NHS number of ten digits from PDS and send the record again.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPR05: {
    meaning: "The NHS number has been replaced by another.",
    advice:
      "Obtain the current NHS number from PDS or from a notification of inactive numbers, and send the record under it.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPR06: {
    meaning: "The record was loaded.",
    advice: "Nothing need be done.",
    isSuccess: true,
    mayResend: "not-needed",
  },
  CPR07: {
    meaning: "The record was refused for the reason that the detail codes name.",
    advice: "Read the details that came with the code, correct the record, and send it again.",
    isSuccess: false,
    mayResend: "after-correction",
  },
} as const satisfies Readonly<Record<string, UploadResultWords>>;

/** CP-ISUploadFileResponse: what CP-IS says of the whole file. */
export const uploadFileResults = {
  CPF01: {
    meaning: "The file is corrupt or malformed. Nothing was loaded.",
    advice: "Correct the file and send it again, with a new sequence number.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPF02: {
    meaning: "All records were loaded.",
    advice: "Nothing need be done.",
    isSuccess: true,
    mayResend: "not-needed",
  },
  CPF03: {
    meaning: "Some records were loaded, others were refused.",
    advice: "Go through the results of the records. Correct and send again only those that were refused.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPF04: {
    meaning: "No record was loaded.",
    advice: "Go through the results of the records, correct them, and send them again.",
    isSuccess: false,
    mayResend: "after-correction",
  },
  CPF05: {
    meaning: "PDS was not available. Nothing is wrong with the file.",
    advice: "Send the same records again later, with a new sequence number; wait longer after each attempt.",
    isSuccess: false,
    mayResend: "same-content-later",
  },
  CPF06: {
    meaning: "This version of the sending software is no longer supported. Nothing was loaded.",
    advice: "Do not send the file again. Upgrade the software first.",
    isSuccess: false,
    mayResend: "never",
  },
} as const satisfies Readonly<Record<string, UploadResultWords>>;

const unknownRecordResult: UploadResultWords = {
  meaning: "CP-IS gave a code for the record that is not known here. The record counts as not loaded.",
  advice: "Read the text that came with the code, and ask the national service desk before sending the record again.",
  isSuccess: false,
  mayResend: "after-correction",
};

const unknownFileResult: UploadResultWords = {
  meaning: "CP-IS gave a code for the file that is not known here. The file counts as not loaded.",
  advice: "Read the text that came with the code, and ask the national service desk before sending the file again.",
  isSuccess: false,
  mayResend: "after-correction",
};

function wordsOf(
  table: Readonly<Record<string, UploadResultWords>>,
  code: string,
  unknown: UploadResultWords,
): UploadResultWords {
  return (Object.hasOwn(table, code) ? table[code] : undefined) ?? unknown;
}

/** The code alone decides, never its text. A code that is not known is a failure. */
export function describeRecordResult(code: string): UploadResultWords {
  return wordsOf(uploadRecordResults, code, unknownRecordResult);
}

/** The code alone decides, never its text. A code that is not known is a failure. */
export function describeFileResult(code: string): UploadResultWords {
  return wordsOf(uploadFileResults, code, unknownFileResult);
}
