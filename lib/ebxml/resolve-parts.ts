// Maps the references of a manifest to the MIME parts they mean.
import { CpisError } from "../errors.js";
import { maximumIdentifierLength } from "../identifiers.js";
import { childrenNamed, firstChild, type XmlElement } from "../xml/xml-element.js";
import { isXmlContentType, parseContentType } from "./content-type.js";
import type { Attachment, BusinessMessage, EbxmlWarning } from "./model.js";
import { ebName, payloadName, tolerantAttribute, xlinkNamespace } from "./names.js";
import { decodePart, type MimePart } from "./parse-multipart.js";

interface Reference {
  readonly contentId: string;
  readonly isPayload: boolean;
  readonly description: string;
}

interface Manifest {
  readonly references: readonly Reference[];
  readonly externalReferences: readonly string[];
  readonly warnings: readonly EbxmlWarning[];
}

/** Of one manifest; a message has at most 100 parts, and a large one refers to its fragments. */
const maximumReferences = 200;

/** Throws EBXML_MIME. */
function checkContentId(contentId: string): void {
  if (contentId.length > maximumIdentifierLength) {
    throw new CpisError("EBXML_MIME", { detail: `a Content-Id is longer than ${maximumIdentifierLength} characters` });
  }
}

function readManifest(manifest: XmlElement | undefined): Manifest {
  const references: Reference[] = [];
  const externalReferences: string[] = [];
  const warnings: EbxmlWarning[] = [];
  const elements = manifest === undefined ? [] : childrenNamed(manifest, ebName("Reference"));
  if (elements.length > maximumReferences) {
    throw new CpisError("EBXML_MALFORMED", { detail: `more than ${maximumReferences} references` });
  }
  for (const element of elements) {
    const href = tolerantAttribute(element, "href", xlinkNamespace)?.trim() ?? "";
    const target = href.slice(4).trim();
    const scheme = target === "" ? "" : href.slice(0, 4).toLowerCase();
    checkContentId(target);
    if (scheme === "mid:") externalReferences.push(target);
    else if (scheme === "cid:") {
      references.push({
        contentId: target,
        isPayload: firstChild(element, payloadName) !== undefined,
        description: firstChild(element, ebName("Description"))?.text ?? "",
      });
    } else {
      warnings.push({ code: "reference-unusable", message: "A Reference has neither a cid: nor a mid: address" });
    }
  }
  return { references, externalReferences, warnings };
}

/** RFC 2392 has percent-encoding in cid: addresses; most peers do without. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Resolution {
  readonly pairs: readonly { readonly reference: Reference; readonly part: MimePart }[];
  readonly unresolved: readonly string[];
  readonly unreferenced: readonly MimePart[];
  readonly warnings: readonly EbxmlWarning[];
}

/** Exact, then without percent-encoding, then ignoring case; the first part of an id counts. */
function createLookup(parts: readonly MimePart[]): (contentId: string) => MimePart | undefined {
  const exact = new Map<string, MimePart>();
  const caseless = new Map<string, MimePart>();
  for (const part of [...parts].reverse()) {
    exact.set(part.contentId, part);
    caseless.set(part.contentId.toLowerCase(), part);
  }
  return (contentId) => {
    const decoded = percentDecoded(contentId);
    return exact.get(contentId) ?? exact.get(decoded) ?? caseless.get(decoded.toLowerCase());
  };
}

function resolve(references: readonly Reference[], parts: readonly MimePart[]): Resolution {
  const lookUp = createLookup(parts);
  const named = references.map(({ contentId }) => lookUp(contentId));
  const taken = new Set(named);
  const used = new Set<MimePart>();
  const warnings: EbxmlWarning[] = [];
  const unresolved: string[] = [];
  const pairs: { reference: Reference; part: MimePart }[] = [];
  for (const [index, reference] of references.entries()) {
    let part = named[index];
    if (part === undefined) {
      const atPosition = parts[index];
      if (atPosition !== undefined && !taken.has(atPosition)) {
        part = atPosition;
        warnings.push({
          code: "reference-by-position",
          message: "A Reference matches no Content-Id; its position does",
        });
      }
    }
    if (part === undefined) unresolved.push(reference.contentId);
    else if (used.has(part)) {
      warnings.push({ code: "reference-repeated", message: "Two References name the same part; the first one counts" });
    } else {
      used.add(part);
      pairs.push({ reference, part });
    }
  }
  return { pairs, unresolved, unreferenced: parts.filter((part) => !used.has(part)), warnings };
}

/** The one that says so, else the first reference, when its part can be XML. */
function findPayload(references: readonly Reference[], { pairs }: Resolution): MimePart | undefined {
  const declared = references.find(({ isPayload }) => isPayload);
  const candidate = declared ?? references[0];
  const part = pairs.find(({ reference }) => reference === candidate)?.part;
  return part !== undefined && (declared !== undefined || isXmlContentType(part.contentType)) ? part : undefined;
}

function toAttachment(part: MimePart, reference: Reference | undefined): Attachment {
  return {
    contentId: part.contentId || (reference?.contentId ?? ""),
    contentType: part.contentType || "application/octet-stream",
    ...(reference === undefined || reference.description === "" ? {} : { description: reference.description }),
    content: decodePart(part),
  };
}

type Contents = Pick<BusinessMessage, "payload" | "payloadCharset" | "attachments" | "externalReferences"> & {
  readonly unresolvedReferences: readonly string[];
  readonly warnings: readonly EbxmlWarning[];
};

/**
 * Finds payload and attachments among the parts behind the root, in the order of the references. A part that no
 * reference names is kept as well: as the payload if there is no reference at all and it can be XML, else as an
 * attachment. Throws EBXML_MIME for a part that cannot be decoded and an id of more than 256 characters,
 * EBXML_MALFORMED for more than 200 references.
 */
export function readContents(manifestElement: XmlElement | undefined, parts: readonly MimePart[]): Contents {
  for (const { contentId } of parts) checkContentId(contentId);
  const manifest = readManifest(manifestElement);
  const resolution = resolve(manifest.references, parts);
  const warnings = [...manifest.warnings, ...resolution.warnings];
  const first = manifest.references.length === 0 && manifest.externalReferences.length === 0 ? parts[0] : undefined;
  const fallback = first !== undefined && isXmlContentType(first.contentType) ? first : undefined;
  const payload = findPayload(manifest.references, resolution) ?? fallback;
  if (resolution.unreferenced.length > 0) {
    warnings.push({ code: "part-unreferenced", message: "A part is named by no Reference" });
  }
  if (payload?.transferEncoding === "base64" || payload?.transferEncoding === "quoted-printable") {
    const message = `The HL7 part came in ${payload.transferEncoding}`;
    warnings.push({ code: `payload-${payload.transferEncoding}`, message });
  }
  const charset = payload === undefined ? undefined : parseContentType(payload.contentType).parameters.get("charset");
  return {
    ...(payload === undefined ? {} : { payload: decodePart(payload) }),
    ...(charset === undefined || charset === "" ? {} : { payloadCharset: charset }),
    attachments: [
      ...resolution.pairs
        .filter(({ part }) => part !== payload)
        .map(({ part, reference }) => toAttachment(part, reference)),
      ...resolution.unreferenced.filter((part) => part !== payload).map((part) => toAttachment(part, undefined)),
    ],
    externalReferences: manifest.externalReferences,
    unresolvedReferences: resolution.unresolved,
    warnings,
  };
}
