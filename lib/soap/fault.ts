// SOAP 1.1 faults with the error list of the national services.

export interface NaspError {
  readonly codeContext: string;
  readonly errorCode: string;
  readonly severity: string;
  readonly location: string;
  readonly description: string;
}

/** A fault may carry no error list at all; then `errors` is empty. */
export interface SoapFault {
  readonly faultCode: string;
  readonly faultString: string;
  readonly errors: readonly NaspError[];
}
