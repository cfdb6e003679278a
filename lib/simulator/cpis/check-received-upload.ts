// Judges a received upload file as strictly as CP-IS says, for the simulator: element by element, as it comes.
import { known, parseInteger } from "../../hl7v3/data-types.js";
import { attribute, child, children, elementAt, textOf } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { attributeValue, type XmlElement } from "../../xml/xml-element.js";
import { checkElementShape } from "./check-element-shape.js";
import { checkReceivedRecord } from "./check-received-record.js";
import {
  checkCreatedAt,
  checkFileId,
  checkOrganisation,
  checkTelephones,
  type CheckedTelephone,
} from "../../cpis/upload/rules/check-upload-file.js";
import { checkDuplicates, type RecordCheckContext } from "../../cpis/upload/rules/check-upload-record.js";
import type { LocalAuthority } from "../../cpis/model.js";
import { createPlanKeys, type PlanKey } from "../../cpis/upload/rules/plan-keys.js";
import { fileShape } from "./upload-file-shape.js";
import {
  collectFaults,
  hasUploadError,
  type ReportFault,
  type UploadFault,
} from "../../cpis/upload/rules/upload-rules.js";

export interface ReceivedUploadContext {
  /** "YYYY-MM-DD", as the calendar in the UK shows it. */
  readonly today: string;
  /** "YYYY-MM-DDTHH:mm", as the clock in the UK shows it. */
  readonly now: string;
}

/** Call checkHeader, then checkRecord for each record, then finish. */
export interface ReceivedUploadChecker {
  /**
   * Takes the `File` element; its records may be left out, and are not looked at. Undefined is a document that could
   * not be read.
   */
  checkHeader(file: XmlElement | undefined): readonly UploadFault[];
  /** Takes one `record` element. */
  checkRecord(record: XmlElement): readonly UploadFault[];
  /** What is known once all records were seen: the count. */
  finish(): readonly UploadFault[];
}

const odsSchemes: readonly (string | undefined)[] = [objectIdentifiers.odsOrganisation, objectIdentifiers.odsSite];

/** The number without "tel:"; reports a value that has no "tel:" at all. */
function readTelephone(telecom: XmlElement, index: number, report: ReportFault): CheckedTelephone {
  const value = attributeValue(telecom, "value") ?? "";
  const field = `localAuthority.telecom[${index}]`;
  const uses = (attributeValue(telecom, "use") ?? "").split(/\s+/).filter((use) => use !== "");
  if (value === "" || value.startsWith("tel:")) return { number: value.slice("tel:".length), uses, field };
  // No digits either: then the rules for the number itself have nothing to add.
  report("upload.telecom-format", field);
  return { number: "000", uses, field };
}

function checkSender(file: XmlElement, report: ReportFault): LocalAuthority {
  const organisation = elementAt(file, "communicationFunctionSnd", "organisation");
  const id = child(organisation, "id");
  const code = odsSchemes.includes(attribute(id, "root")) ? attribute(id, "extension") : undefined;
  const name = textOf(child(organisation, "name"));
  checkOrganisation(code, name, report);
  const telecoms = organisation === undefined ? [] : children(organisation, "telecom");
  checkTelephones(
    telecoms.map((telecom, index) => readTelephone(telecom, index, report)),
    report,
  );
  return known<LocalAuthority>({ code, name });
}

interface HeaderContent {
  readonly sender: LocalAuthority;
  /** Undefined when it is none. */
  readonly statedCount: number | undefined;
}

/** As it came: blanks around a value make it another. */
function rawAttribute(element: XmlElement | undefined, name: string): string | undefined {
  return element === undefined ? undefined : attributeValue(element, name);
}

function checkHeader(file: XmlElement, report: ReportFault): HeaderContent {
  checkElementShape(file, fileShape, "", report);
  checkFileId(rawAttribute(child(file, "id"), "extension"), report);
  checkCreatedAt(rawAttribute(child(file, "creationTime"), "value"), report);
  const stated = parseInteger(child(file, "transmissionQuantity"));
  return { sender: checkSender(file, report), statedCount: typeof stated === "number" ? stated : undefined };
}

/** One checker judges one file. It never throws, whatever the elements hold. */
export function createReceivedUploadChecker(clock: ReceivedUploadContext): ReceivedUploadChecker {
  const planKeys = createPlanKeys();
  let header: HeaderContent | undefined;
  let recordCount = 0;
  return {
    checkHeader: (file) =>
      collectFaults((report) => {
        if (file === undefined) report("upload.not-well-formed");
        else header = checkHeader(file, report);
      }),
    checkRecord: (record) => {
      recordCount += 1;
      let keys: readonly PlanKey[] = [];
      const faults = collectFaults((report) => {
        const content = checkReceivedRecord(
          record,
          known<RecordCheckContext>({ clock, sender: header?.sender }),
          report,
        );
        keys = checkDuplicates(content, planKeys, report);
      });
      if (!hasUploadError(faults)) for (const key of keys) planKeys.add(key);
      return faults;
    },
    finish: () =>
      collectFaults((report) => {
        if (recordCount === 0) report("upload.no-records", "records");
        if (header !== undefined && header.statedCount !== recordCount) report("upload.count-mismatch", "recordCount");
      }),
  };
}
