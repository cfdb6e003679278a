// Reads an upload of any size, record by record, and has each part judged by the rules.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ReceivedRecord, ReceivedUpload } from "./judge-upload.js";
import { createReceivedUploadChecker } from "./check-received-upload.js";
import { parseUploadFileHeader, parseUploadRecord } from "../../cpis/upload/upload-file.js";
import { uploadFault, type UploadFault, type UploadFaultCode } from "../../cpis/upload/rules/upload-rules.js";
import { isCpisError } from "../../errors.js";
import { hl7Namespace } from "../../hl7v3/elements.js";
import { createXmlTextDecoder } from "../../xml/decode-text.js";
import { createElementReader } from "../../xml/read-elements.js";
import { createStrictParser } from "../../xml/strict-parser.js";
import type { XmlElement } from "../../xml/xml-element.js";

/** Between two of these the simulator does other things. */
const bytesAtOnce = 262_144;
const rootBytesAtOnce = 4096;
const maximumAttributes = 64;
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

/** Takes the children of the root in their order. */
function createUploadJudge(root: XmlElement, now: number) {
  const clock = ukTime(now);
  const checker = createReceivedUploadChecker({ today: clock.slice(0, 10), now: clock });
  const header: XmlElement[] = [];
  const records: ReceivedRecord[] = [];
  const faults: UploadFault[] = [];
  let isHeaderChecked = false;

  const checkHeader = (): void => {
    if (!isHeaderChecked) faults.push(...checker.checkHeader({ ...root, children: header }));
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
      const first = all.find(({ code }) => unreadableCodes.includes(code));
      if (first !== undefined) return { kind: "unreadable", faults: [first] };
      const read = parseUploadFileHeader({ ...root, children: header }, records.length, () => undefined);
      return { kind: "read", header: read, faults, records };
    },
  };
}

/** The root without what is in it; undefined when there is none. Throws XML_*. */
function readRoot(content: Uint8Array): XmlElement | undefined {
  const roots: XmlElement[] = [];
  const parser = createStrictParser(maximumAttributes, {
    opened: (localName, namespace, attributes) => {
      if (roots.length === 0) roots.push({ localName, namespace, attributes, children: [], text: "" });
    },
    closed: () => undefined,
    text: () => undefined,
  });
  const decoder = createXmlTextDecoder();
  for (let start = 0; start < content.byteLength && roots.length === 0; start += rootBytesAtOnce) {
    parser.write(decoder.write(content.subarray(start, start + rootBytesAtOnce)));
  }
  return roots[0];
}

async function readParts(content: Uint8Array, take: (part: XmlElement) => void): Promise<void> {
  const reader = createElementReader({ isWanted: (path) => path.length === 2, take, maximumDocumentBytes });
  for (let start = 0; start < content.byteLength; start += bytesAtOnce) {
    reader.write(content.subarray(start, start + bytesAtOnce));
    await nextTurn();
  }
  reader.end();
}

function unreadable(code: UploadFaultCode): ReceivedUpload {
  return { kind: "unreadable", faults: [uploadFault(code)] };
}

/** `now` is in milliseconds since 1970. Never rejects for anything that can be in the bytes. */
export async function readUpload(content: Uint8Array, now: number): Promise<ReceivedUpload> {
  try {
    const root = readRoot(content);
    if (root === undefined) return unreadable("upload.not-well-formed");
    if (root.localName !== "File" || root.namespace !== hl7Namespace) return unreadable("upload.schema-invalid");
    const judge = createUploadJudge(root, now);
    await readParts(content, (part) => judge.take(part));
    return judge.finish();
  } catch (cause) {
    if (!isCpisError(cause)) throw cause;
    return unreadable("upload.not-well-formed");
  }
}
