// Reads an upload of any size, record by record, and has each part judged by the rules.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ReceivedRecord, ReceivedUpload } from "./judge-upload.js";
import { createReceivedUploadChecker } from "../cpis/check-received-upload.js";
import { parseUploadFileHeader, parseUploadRecord } from "../cpis/upload-file.js";
import { uploadFault, type UploadFault, type UploadFaultCode } from "../cpis/upload-rules.js";
import { isCpisError } from "../errors.js";
import { hl7Namespace } from "../hl7v3/elements.js";
import { createElementReader } from "../xml/read-elements.js";
import type { XmlElement } from "../xml/xml-element.js";

/** Between two of these the simulator does other things. */
const bytesAtOnce = 262_144;
const maximumDocumentBytes = 1_073_741_824;
/** What has these faults is not of the form that the schema describes. */
const unreadableCodes: readonly UploadFaultCode[] = [
  "upload.not-well-formed",
  "upload.schema-invalid",
  "upload.prohibited-item",
];
const ukClock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/London", dateStyle: "short", timeStyle: "short" });

/** "YYYY-MM-DDTHH:mm", as the clock in the UK shows it. */
function ukTime(milliseconds: number): string {
  return ukClock.format(milliseconds).replace(" ", "T");
}

function fileElement(children: readonly XmlElement[]): XmlElement {
  return { localName: "File", namespace: hl7Namespace, attributes: [], children, text: "" };
}

/** Takes the children of the `File` element in their order. */
function createUploadJudge(now: number) {
  const clock = ukTime(now);
  const checker = createReceivedUploadChecker({ today: clock.slice(0, 10), now: clock });
  const header: XmlElement[] = [];
  const records: ReceivedRecord[] = [];
  const faults: UploadFault[] = [];
  let isHeaderChecked = false;

  const checkHeader = (): void => {
    if (!isHeaderChecked) faults.push(...checker.checkHeader(fileElement(header)));
    isHeaderChecked = true;
  };
  return {
    take: (part: XmlElement): void => {
      if (part.localName === "record") {
        checkHeader();
        const [record = { plans: [], subjects: [] }] = parseUploadRecord(part, () => undefined);
        records.push({ record, faults: checker.checkRecord(part) });
        return;
      }
      if (isHeaderChecked) faults.push(uploadFault("upload.schema-invalid"));
      header.push(part);
    },
    finish: (): ReceivedUpload => {
      checkHeader();
      faults.push(...checker.finish());
      const all = [...faults, ...records.flatMap((record) => record.faults)];
      const unreadable = all.find(({ code }) => unreadableCodes.includes(code));
      if (unreadable !== undefined) return { kind: "unreadable", faults: [unreadable] };
      const read = parseUploadFileHeader(fileElement(header), records.length, () => undefined);
      return { kind: "read", header: read, faults, records };
    },
  };
}

/** `now` is in milliseconds since 1970. Never rejects for anything that can be in the bytes. */
export async function readUpload(content: Uint8Array, now: number): Promise<ReceivedUpload> {
  const judge = createUploadJudge(now);
  const root = { isFile: false };
  const reader = createElementReader({
    isWanted: (path, namespace) => {
      if (path.length === 1) root.isFile = path[0] === "File" && namespace === hl7Namespace;
      return root.isFile && path.length === 2;
    },
    take: (part) => judge.take(part),
    maximumDocumentBytes,
  });
  try {
    for (let start = 0; start < content.byteLength; start += bytesAtOnce) {
      reader.write(content.subarray(start, start + bytesAtOnce));
      await nextTurn();
    }
    reader.end();
  } catch (cause) {
    if (!isCpisError(cause)) throw cause;
    return { kind: "unreadable", faults: [uploadFault("upload.not-well-formed")] };
  }
  return root.isFile ? judge.finish() : { kind: "unreadable", faults: [uploadFault("upload.schema-invalid")] };
}
