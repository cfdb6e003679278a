// The parts of an upload response that speak of one record: the result with its codes, and the record itself.
import { known } from "../../hl7v3/data-types.js";
import { attribute, child, children, elementsAt, textOf } from "../../hl7v3/elements.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Warn } from "../templates/content-id.js";
import type { CodedText } from "../model.js";
import { parseUploadPlans, uploadPlanNodes } from "../templates/plan-template.js";
import { parseSubjects, subjectNode } from "../templates/subject-template.js";
import type { UploadRecordResult, UploadResultCode } from "./upload-model.js";
import type { RecordWords } from "./upload-verdict.js";
import { unknownCode } from "../vocabularies.js";

/** Where the details of a code stand: by HL7 in `translation`; Spine has written `qualifier`. */
export type DetailPlace = "translation" | "qualifier";

function plainCodeNode(name: string, code: CodedText, details: readonly XmlNode[] = []): XmlNode {
  const { codeSystem, displayName } = code;
  return element(name, { code: code.code, codeSystem, displayName }, details);
}

/** The acknowledgementRecordDetail. */
export function resultNode(result: UploadResultCode, place: DetailPlace = "translation"): XmlNode {
  const details = result.details.map((detail) => plainCodeNode(place, detail));
  return element("acknowledgementRecordDetail", {}, [
    plainCodeNode("code", result, details),
    element("location", {}, [result.location]),
  ]);
}

/** A code that came as a text alone has the code of the unknown; undefined when there is neither. */
function parsePlainCode(code: XmlElement | undefined): CodedText | undefined {
  const value = attribute(code, "code");
  const displayName = attribute(code, "displayName") ?? textOf(child(code, "originalText")) ?? textOf(code);
  if (value === undefined && displayName === undefined) return undefined;
  return known<CodedText>({ code: value ?? unknownCode, codeSystem: attribute(code, "codeSystem"), displayName });
}

/** The qualifier's attributes stand on the qualifier itself, or as HL7 has it on the value in it. */
function parseDetails(code: XmlElement): readonly CodedText[] {
  const qualifiers = children(code, "qualifier");
  return [
    ...children(code, "translation").map(parsePlainCode),
    ...qualifiers.map((qualifier) => parsePlainCode(qualifier) ?? parsePlainCode(child(qualifier, "value"))),
  ].filter((detail) => detail !== undefined);
}

/** Takes an acknowledgementRecordDetail. A code that cannot be read is an unknown one, and so a failure. */
export function parseResult(detail: XmlElement): UploadResultCode {
  const code = child(detail, "code");
  const read = parsePlainCode(code) ?? { code: unknownCode };
  const details = code === undefined ? [] : parseDetails(code);
  return { ...read, details, location: textOf(child(detail, "location")) ?? "" };
}

/** The file's own code, of which no code system is sent. */
export function fileResultNode({ code, displayName }: CodedText): XmlNode {
  return element("acknowledgementFileDetail", {}, [plainCodeNode("code", known<CodedText>({ code, displayName }))]);
}

/** Takes the `FileResponse` element. */
export function parseFileResults(response: XmlElement): readonly CodedText[] {
  const details = elementsAt(response, "acknowledgementFile", "acknowledgementFileDetail");
  return details.map((detail) => parsePlainCode(child(detail, "code")) ?? { code: unknownCode });
}

/** The `message` element. */
export function recordResultNode(result: UploadRecordResult): XmlNode {
  const plans = result.plans.map((plan) => element("pertinentInformation", {}, uploadPlanNodes(plan)));
  const subjects = result.subjects.map(subjectNode);
  const record = result.accepted
    ? element("validCP-ISRecord", {}, subjects)
    : element("invalidCP-ISRecord", {}, [...plans, ...subjects]);
  const response = element("cP-ISLAAcknowledgementResponse", {}, [element("pertinentInformation1", {}, [record])]);
  return element("message", {}, [response]);
}

/** What a `message` says by itself. */
export interface ReturnedRecord extends Pick<UploadRecordResult, "subjects" | "plans"> {
  readonly form: RecordWords["form"];
}

/** Takes a `message` element. Never throws. */
export function parseReturnedRecord(message: XmlElement, warn: Warn): ReturnedRecord {
  const holders = elementsAt(message, "cP-ISLAAcknowledgementResponse", "pertinentInformation1");
  const valid = holders.flatMap((holder) => children(holder, "validCP-ISRecord"));
  const invalid = holders.flatMap((holder) => children(holder, "invalidCP-ISRecord"));
  const parsed = invalid
    .flatMap((record) => children(record, "pertinentInformation"))
    .map((holder) => parseUploadPlans(holder, warn));
  if (parsed.some(({ unreadable }) => unreadable > 0)) {
    warn({ code: "unreadable-plan", message: "A plan of a refused record could not be read" });
  }
  return {
    form: valid.length > 0 === invalid.length > 0 ? "unclear" : valid.length > 0 ? "valid" : "invalid",
    plans: parsed.flatMap(({ plans }) => plans),
    subjects: [...valid, ...invalid]
      .flatMap((record) => children(record, "subject"))
      .flatMap((subject) => parseSubjects(subject, warn)),
  };
}
