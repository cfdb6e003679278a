// `@cp-is/node-red/fhir`: the answer to a query as FHIR R4.
export {
  codeSystems,
  encodeFailure,
  encodeWarnings,
  type Failure,
  type FhirFailure,
} from "../fhir/encode-operation-outcome.js";
export { encodeSearchset, planCategories, type Search, type SearchsetOptions } from "../fhir/encode-searchset.js";
export type * from "../fhir/resources.js";
