// The NHS number, and why a text is not one.
import { CpisError } from "../errors.js";

/** Ten digits, checked. */
export type NhsNumber = string & { readonly brand: "NhsNumber" };

export interface NhsNumberOptions {
  /** For test harnesses only: some of them use numbers that fail their check digit. */
  readonly acceptFailingCheckDigit?: boolean;
}

const separators = /[\s\u00ad\u2010\u2011\u2012\u2013-]/g;

/** NHS Data Dictionary, NHS NUMBER: weights 10 to 2, modulus 11; a check digit of 10 is never issued. */
function hasValidCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < 9; index += 1) sum += Number(digits[index]) * (10 - index);
  const check = (11 - (sum % 11)) % 11;
  return check === Number(digits[9]);
}

function invalidity(digits: string, options: NhsNumberOptions): string | undefined {
  if (digits === "") return "is empty";
  if (!/^[0-9]*$/.test(digits)) return "has characters other than digits, spaces and hyphens";
  if (digits.length !== 10) return `has ${String(digits.length)} digits, must have 10`;
  if (/^0+$/.test(digits)) return "has only zeros";
  if (options.acceptFailingCheckDigit !== true && !hasValidCheckDigit(digits)) return "fails its check digit";
  return undefined;
}

/** The text without the spaces and hyphens people write NHS numbers with; nothing is checked. */
export function stripNhsNumber(text: string): string {
  return text.replace(separators, "");
}

/** The digits of the text, if they are an NHS number. Spaces and hyphens do not count. */
export function readNhsNumber(text: string, options: NhsNumberOptions = {}): NhsNumber | undefined {
  const digits = stripNhsNumber(text);
  return invalidity(digits, options) === undefined ? (digits as NhsNumber) : undefined;
}

/**
 * Takes ten digits with any spaces and hyphens; gives the digits.
 * Throws CPIS_INVALID_NHS_NUMBER with the reason, never with the number.
 */
export function parseNhsNumber(text: string, options: NhsNumberOptions = {}): NhsNumber {
  const digits = stripNhsNumber(text);
  const reason = invalidity(digits, options);
  if (reason !== undefined) throw new CpisError("CPIS_INVALID_NHS_NUMBER", { detail: `it ${reason}` });
  return digits as NhsNumber;
}
