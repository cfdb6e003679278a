// The ITK distribution envelope: addresses, manifest and handling of a payload, and the payload itself.
import { CpisError } from "../errors.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import { attributeValue, childrenNamed, firstChild, type XmlElement } from "../xml/xml-element.js";
import { interactionKey, isItk, itkName, itkNamespace, type TypedUri } from "./names.js";

export interface ManifestItem {
  readonly mimeType: string;
  /** "uuid_" and a UUID; the payload has the same. */
  readonly id: string;
  readonly profileId: string;
}

export interface HandlingSpecification {
  readonly key: string;
  readonly value: string;
}

export interface DistributionHeader {
  readonly service: string;
  /** A UUID. */
  readonly trackingId: string;
  readonly addresses: readonly TypedUri[];
  readonly auditIdentities: readonly TypedUri[];
  readonly manifest: readonly ManifestItem[];
  readonly senderAddress: TypedUri;
  readonly specifications: readonly HandlingSpecification[];
}

/** `Content` is an XmlNode to write, or an XmlElement that was read. */
export interface DistributionPayload<Content> {
  readonly id: string;
  readonly content: Content;
}

export interface DistributionEnvelope {
  readonly header: DistributionHeader;
  readonly payloads: readonly DistributionPayload<XmlNode>[];
}

/** The payload decides; of the header only what is needed to answer is read, and none of it must be there. */
export interface ReceivedDistribution {
  readonly header: Partial<DistributionHeader>;
  /** At least one. */
  readonly payloads: readonly DistributionPayload<XmlElement>[];
}

function typedNode(name: string, { type, uri }: TypedUri): XmlNode {
  return element(name, { type, uri });
}

function headerNode(header: DistributionHeader): XmlNode {
  const items = header.manifest.map(({ mimeType, id, profileId }) =>
    element("itk:manifestitem", { mimetype: mimeType, id, profileid: profileId }),
  );
  const specifications = header.specifications.map(({ key, value }) => element("itk:spec", { value, key }));
  return element("itk:header", { service: header.service, trackingid: header.trackingId }, [
    element(
      "itk:addresslist",
      {},
      header.addresses.map((address) => typedNode("itk:address", address)),
    ),
    element(
      "itk:auditIdentity",
      {},
      header.auditIdentities.map((identity) => typedNode("itk:id", identity)),
    ),
    element("itk:manifest", { count: String(items.length) }, items),
    typedNode("itk:senderAddress", header.senderAddress),
    element("itk:handlingSpecification", {}, specifications),
  ]);
}

/** The root element with its namespace; the order of the header is that of the toolkit's schema. */
export function distributionEnvelopeNode({ header, payloads }: DistributionEnvelope): XmlNode {
  const contents = payloads.map(({ id, content }) => element("itk:payload", { id }, [content]));
  return element("itk:DistributionEnvelope", { "xmlns:itk": itkNamespace }, [
    headerNode(header),
    element("itk:payloads", { count: String(contents.length) }, contents),
  ]);
}

/** The interaction that the handling specification names, if it does. */
export function interactionOf({ specifications = [] }: Partial<DistributionHeader>): string | undefined {
  return specifications.find(({ key }) => key === interactionKey)?.value;
}

function malformed(detail: string): CpisError {
  return new CpisError("SMSP_MALFORMED", { detail });
}

function text(found: XmlElement, name: string): string {
  return (attributeValue(found, name) ?? "").trim();
}

function readTyped(found: XmlElement): TypedUri {
  const type = text(found, "type");
  return { ...(type === "" ? {} : { type }), uri: text(found, "uri") };
}

function inList(header: XmlElement, list: string, entry: string): readonly XmlElement[] {
  return childrenNamed(header, itkName(list)).flatMap((found) => childrenNamed(found, itkName(entry)));
}

function readHeader(header: XmlElement): Partial<DistributionHeader> {
  const sender = firstChild(header, itkName("senderAddress"));
  return {
    service: text(header, "service"),
    trackingId: text(header, "trackingid"),
    addresses: inList(header, "addresslist", "address").map(readTyped),
    auditIdentities: inList(header, "auditIdentity", "id").map(readTyped),
    manifest: inList(header, "manifest", "manifestitem").map((item) => ({
      mimeType: text(item, "mimetype"),
      id: text(item, "id"),
      profileId: text(item, "profileid"),
    })),
    ...(sender === undefined ? {} : { senderAddress: readTyped(sender) }),
    specifications: inList(header, "handlingSpecification", "spec").map((specification) => ({
      key: text(specification, "key"),
      value: text(specification, "value"),
    })),
  };
}

/** A count that is none says nothing; one that is higher or lower than what is there says that something is wrong. */
function checkCount(list: XmlElement, actual: number): void {
  const count = text(list, "count");
  if (/^[0-9]{1,9}$/.test(count) && Number(count) !== actual) {
    throw malformed(`the count of ${list.localName} is not the number of them`);
  }
}

function readPayload(payload: XmlElement): DistributionPayload<XmlElement> {
  const [content, ...others] = payload.children;
  if (content === undefined) throw malformed("a payload holds no XML");
  if (others.length > 0) throw malformed("a payload holds more than one element");
  return { id: text(payload, "id"), content };
}

/**
 * Takes the element in the Body. Throws SMSP_MALFORMED when it is no distribution envelope, when it has no payload or
 * one that is not exactly one element, or when a count contradicts what is there.
 */
export function parseDistributionEnvelope(root: XmlElement): ReceivedDistribution {
  if (!isItk(root, "DistributionEnvelope")) throw malformed("DistributionEnvelope is missing");
  const [list, ...others] = childrenNamed(root, itkName("payloads"));
  if (list === undefined) throw malformed("payloads is missing");
  if (others.length > 0) throw malformed("there is more than one payloads");
  const payloads = childrenNamed(list, itkName("payload"));
  if (payloads.length === 0) throw malformed("payload is missing");
  checkCount(list, payloads.length);
  const header = firstChild(root, itkName("header"));
  const manifest = header === undefined ? undefined : firstChild(header, itkName("manifest"));
  if (manifest !== undefined) checkCount(manifest, payloads.length);
  return { header: header === undefined ? {} : readHeader(header), payloads: payloads.map(readPayload) };
}
