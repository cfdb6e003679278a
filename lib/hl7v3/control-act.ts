// The control acts: who caused the message, what it is about, and why it failed.
import { element, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import { codeNode, idNode, known, parseCode, parseExtension } from "./data-types.js";
import { attribute, child, children, elementAt, elementsAt } from "./elements.js";
import { objectIdentifiers } from "./object-identifiers.js";
import type { CodedText } from "./values.js";

export type QueryResponseCode = "OK" | "NF" | "ID";

/** The signed-in person who caused the message, by the identifiers of the Spine Directory Service. */
export interface PersonAgent {
  readonly roleProfileId: string;
  readonly userId: string;
  readonly sdsRole: string;
}

export interface ControlAct {
  readonly person?: PersonAgent;
  /** The ASID of the sending system. */
  readonly systemAsid: string;
  readonly reasons: readonly CodedText[];
  /** What stands in `subject`. */
  readonly subject?: XmlNode;
  readonly queryResponseCode?: QueryResponseCode;
}

/** What a reply says about how the request fared. */
export interface ReceivedControlAct {
  readonly reasons: readonly CodedText[];
  /** How many reasons have no code that could be read; absent when there are none. */
  readonly unreadableReasons?: number;
  /** Absent also when there are several that differ. */
  readonly queryResponseCode?: string;
  /** Whether there is a queryAck whose code is missing or cannot be told; absent when there is none such. */
  readonly isQueryAckUnreadable?: true;
}

function personNode(person: PersonAgent): XmlNode {
  const userId = idNode({ root: objectIdentifiers.sdsUserId, extension: person.userId });
  const sdsRole = idNode({ root: objectIdentifiers.sdsRole, extension: person.sdsRole });
  return element("author", { typeCode: "AUT" }, [
    element("AgentPersonSDS", { classCode: "AGNT" }, [
      idNode({ root: objectIdentifiers.sdsRoleProfileId, extension: person.roleProfileId }),
      element("agentPersonSDS", { classCode: "PSN", determinerCode: "INSTANCE" }, [userId]),
      element("part", { typeCode: "PART" }, [element("partSDSRole", { classCode: "ROL" }, [sdsRole])]),
    ]),
  ]);
}

function systemNode(asid: string): XmlNode {
  const id = idNode({ root: objectIdentifiers.asid, extension: asid });
  return element("author1", { typeCode: "AUT" }, [
    element("AgentSystemSDS", { classCode: "AGNT" }, [
      element("agentSystemSDS", { classCode: "DEV", determinerCode: "INSTANCE" }, [id]),
    ]),
  ]);
}

function reasonNode(code: CodedText): XmlNode {
  return element("reason", { typeCode: "RSON" }, [
    element("justifyingDetectedIssueEvent", { classCode: "ALRT", moodCode: "EVN" }, [codeNode("code", code)]),
  ]);
}

function queryAckNode(code: QueryResponseCode): XmlNode {
  return element("queryAck", { type: "QueryAck" }, [element("queryResponseCode", { code })]);
}

export function controlActNode(act: ControlAct): XmlNode {
  return element("ControlActEvent", { classCode: "CACT", moodCode: "EVN" }, [
    act.person === undefined ? undefined : personNode(act.person),
    systemNode(act.systemAsid),
    ...act.reasons.map(reasonNode),
    act.subject === undefined ? undefined : element("subject", { typeCode: "SUBJ" }, [act.subject]),
    act.queryResponseCode === undefined ? undefined : queryAckNode(act.queryResponseCode),
  ]);
}

function parseEventCodes(event: XmlElement): readonly (CodedText | undefined)[] {
  const codes = children(event, "code").map(parseCode);
  return codes.length === 0 ? [undefined] : codes;
}

/** Every reason, readable or not: one that cannot be read still speaks against an answer. */
function parseReasons(interaction: XmlElement): Pick<ReceivedControlAct, "reasons" | "unreadableReasons"> {
  const codes = elementsAt(interaction, "ControlActEvent", "reason").flatMap((reason) => {
    const events = children(reason, "justifyingDetectedIssueEvent");
    return events.length === 0 ? [undefined] : events.flatMap(parseEventCodes);
  });
  const reasons = codes.filter((code) => code !== undefined);
  const unreadable = codes.length - reasons.length;
  return unreadable === 0 ? { reasons } : { reasons, unreadableReasons: unreadable };
}

function parseQueryAck(
  interaction: XmlElement,
): Pick<ReceivedControlAct, "queryResponseCode" | "isQueryAckUnreadable"> {
  const codes = elementsAt(interaction, "ControlActEvent", "queryAck").flatMap((ack) => {
    const found = children(ack, "queryResponseCode").map((code) => attribute(code, "code"));
    return found.length === 0 ? [undefined] : found;
  });
  const [first, ...others] = codes;
  if (first !== undefined && others.every((code) => code === first)) return { queryResponseCode: first };
  return codes.length === 0 ? {} : { isQueryAckUnreadable: true };
}

/** Takes the interaction element. Never throws. */
export function parseControlAct(interaction: XmlElement): ReceivedControlAct {
  return { ...parseReasons(interaction), ...parseQueryAck(interaction) };
}

/** The person in the control act of an interaction, as far as it is named; undefined when there is none. */
export function parsePersonAgent(interaction: XmlElement): Partial<PersonAgent> | undefined {
  const agent = elementAt(interaction, "ControlActEvent", "author", "AgentPersonSDS");
  if (agent === undefined) return undefined;
  return known<Partial<PersonAgent>>({
    roleProfileId: parseExtension(agent, objectIdentifiers.sdsRoleProfileId),
    userId: parseExtension(child(agent, "agentPersonSDS"), objectIdentifiers.sdsUserId),
    sdsRole: parseExtension(elementAt(agent, "part", "partSDSRole"), objectIdentifiers.sdsRole),
  });
}

/** What stands in `subject`, through every level that may repeat. */
export function subjectElements(interaction: XmlElement, localName: string): readonly XmlElement[] {
  return elementsAt(interaction, "ControlActEvent", "subject").flatMap((subject) => children(subject, localName));
}
