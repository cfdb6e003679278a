// The NHS numbers to which a simulated Spine mini service gives a status of its own, as the official harness does.
import type { NotFoundBasis, QueryFailureCode } from "../../cpis/model.js";
import type { SmspStatusCode } from "../../cpis/query/smsp-status.js";

export interface SmspNumber {
  readonly nhsNumber: string;
  readonly status: SmspStatusCode;
  /** What a query for the number comes to. */
  readonly expected:
    | { readonly outcome: "found" }
    | { readonly outcome: "not-found"; readonly basis: NotFoundBasis }
    | { readonly outcome: "failed"; readonly code: QueryFailureCode; readonly retryable: boolean };
}

function failing(
  nhsNumber: string,
  status: SmspStatusCode,
  retryable: boolean,
  code: QueryFailureCode = "smsp-error",
): SmspNumber {
  return { nhsNumber, status, expected: { outcome: "failed", code, retryable } };
}

/** The last one fails its check digit: a client must be told to let it pass. */
export const smspNumbers: readonly SmspNumber[] = [
  failing("1111111111", "SMSP-0001", false),
  failing("2222222222", "SMSP-0002", true),
  failing("3333333333", "SMSP-0003", false, "smsp-no-match"),
  failing("4444444444", "SMSP-0004", true),
  failing("5555555555", "SMSP-0005", false, "access-denied"),
  failing("6666666666", "SMSP-9999", true),
  failing("7777777777", "CPIS-9999", true),
  {
    nhsNumber: "8888888888",
    status: "CPIS-0001",
    expected: { outcome: "not-found", basis: "smsp-no-record" },
  },
  { nhsNumber: "1234567895", status: "SMSP-0000", expected: { outcome: "found" } },
];

const byNumber: ReadonlyMap<string, SmspNumber> = new Map(smspNumbers.map((entry) => [entry.nhsNumber, entry]));

export function findSmspNumber(nhsNumber: string): SmspNumber | undefined {
  return byNumber.get(nhsNumber);
}
