// Holds a whole reply against the shape of the messages that are known, to say what in it is not understood.
import { attribute, isHl7, localisationNamespace, textOf } from "../../hl7v3/elements.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { infrastructureNames } from "../templates/content-id.js";

/** What may stand in an element: its children by local name. */
interface Shape {
  readonly [name: string]: Part;
}

interface Part {
  /** Whether several that differ are no contradiction. */
  readonly isRepeatable: boolean;
  /** Whether it holds text. */
  readonly isText: boolean;
  readonly content: Shape;
}

const one = (content: Shape = {}): Part => ({ isRepeatable: false, isText: false, content });
const many = (content: Shape = {}): Part => ({ isRepeatable: true, isText: false, content });
const text = (isRepeatable = false): Part => ({ isRepeatable, isText: true, content: {} });

const name: Part = {
  isRepeatable: false,
  isText: true,
  content: { prefix: text(true), given: text(true), family: text(true), suffix: text(true), validTime: one() },
};
const coded = one({ originalText: text(), qualifier: one() });
/** A role may be said in a second vocabulary; an issue that is says two things. */
const role = one({ originalText: text(), qualifier: one(), translation: many() });
const telecom = many({ useablePeriod: many() });
const organisation: Shape = { id: many(), name: text(), telecom };
const device: Shape = { device: one({ id: many(), name: text(), agencyFor: one() }) };
const contentId = many();

const author = one({
  contentId,
  "COCT_TP145102GB01.AssignedAuthor": one({
    code: role,
    id: many(),
    assignedAuthorPerson: one({ name }),
    representedOrganization: one(organisation),
  }),
  "COCT_TP145104GB01.System": one({
    id: many(),
    indirectAuthority: many({ superiorAssignedEntity: many({ code: role, assignedPerson: one({ name }) }) }),
    maintainingOrganization: one(organisation),
  }),
});

/** Patch D adds accessEventType to the query, and may do so to its echo. */
const access: Shape = {
  effectiveTime: one(),
  id: one(),
  author,
  queryByParameter: one({ "person.NHSnumber": one({ value: one() }) }),
  accessEventType: text(),
};

function plan(prefix: string): Part {
  const date: Part = one({ value: one() });
  return many({
    component: one({ [`${prefix}StartDate`]: date }),
    component1: one({ [`${prefix}EndDate`]: date }),
  });
}

const person: Shape = { birthTime: one(), name };
const record: Shape = {
  communicationFunctionSnd: one({ organisation: one(organisation) }),
  "CP-ISRecord": many({
    pertinentInformation15: many({
      contentId,
      "COCT_TP146103GB01.LACInformation": plan("lAC"),
      "COCT_TP146104GB01.UCPInformation": plan("uCP"),
      "COCT_TP146105GB01.CPPInformation": plan("cPP"),
    }),
    subject: many({
      contentId,
      "COCT_TP145101GB01.Child": many({ id: many(), childPerson: one(person) }),
      "COCT_TP145100GB01.UnbornChild": many({
        parentMotherPerson: one({ ...person, playedMother: one({ id: many() }) }),
      }),
    }),
  }),
};

const payload: Shape = {
  effectiveTime: one(),
  id: one(),
  pertinentInformation11: one({ pertinentTotalReturnedAccessRecords: one({ value: one() }) }),
  pertinentInformation12: one({ pertinentTotalReturnedChildRecords: one({ value: one() }) }),
  pertinentInformation13: many({ "pertinentCP-ISNHSQuery": many(access) }),
  pertinentInformation14: many({ "pertinentCP-ISRecordControlAct": many({ record: many(record) }) }),
};

const interaction: Shape = {
  id: one(),
  creationTime: one(),
  versionCode: one(),
  interactionId: one(),
  processingCode: one(),
  processingModeCode: one(),
  acceptAckCode: one(),
  acknowledgement: one({ acknowledgementDetail: many({ code: coded }), messageRef: one({ id: one() }) }),
  communicationFunctionRcv: many(device),
  communicationFunctionSnd: one(device),
  ControlActEvent: one({
    author: one({
      AgentPersonSDS: one({
        id: many(),
        agentPersonSDS: one({ id: many() }),
        part: one({ partSDSRole: one({ id: many() }) }),
      }),
    }),
    author1: many({ AgentSystemSDS: one({ agentSystemSDS: one({ id: many() }) }) }),
    reason: many({ justifyingDetectedIssueEvent: many({ code: many(coded.content) }) }),
    subject: one({ "CP-ISNHSQueryResponse": one(payload) }),
    queryAck: one({ queryResponseCode: one() }),
  }),
};

/** What is answered: the core of a reply, and its shape. */
export const replyShapes = {
  /** Any interaction; the payload in it is that of REPC_IN000007GB01. */
  interaction,
  /** CP-ISNHSQueryResponse without an interaction. */
  payload,
  /** The same of a Spine mini service, with its status. */
  smspPayload: { ...payload, value: coded } as Shape,
} as const;

export type ReplyShape = keyof typeof replyShapes;

export interface MessageFindings {
  /** Whether there is anything at all, element or text, that no known message has at its place. */
  readonly isNotUnderstood: boolean;
  /** Whether any of that might be a plan, a record or a subject, and not merely a small addition. */
  readonly mayHideRecord: boolean;
  /** Whether a place for records, empty or not, stands in the message. */
  readonly speaksOfRecord: boolean;
  /** Whether something that is said once is said several times, and not the same. */
  readonly contradictsItself: boolean;
}

/** As names of plans, records, subjects and their holders go, whoever writes them. */
const suspiciousName = /coct_|record|plan|child|subject|mother|person|patient|pertinent|information|care/i;
/** A document within the text of another. */
const markup = /<\/?[A-Za-z_][^<>]*>/;
const instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

function isNamedInVocabulary(element: XmlElement): boolean {
  return isHl7(element) || (element.localName === "contentId" && element.namespace === localisationNamespace);
}

/** What any HL7 class may hold; it holds nothing itself. */
function isInfrastructure(element: XmlElement): boolean {
  return isHl7(element) && infrastructureNames.includes(element.localName) && isBare(element);
}

function isBare(element: XmlElement): boolean {
  return element.children.length === 0 && textOf(element) === undefined;
}

function mayBeRecord(element: XmlElement): boolean {
  return !isBare(element) || suspiciousName.test(element.localName);
}

/** Where a code may stand. */
const codeHolders: readonly string[] = [
  ...["code", "qualifier", "translation", "queryResponseCode"],
  ...["versionCode", "processingCode", "processingModeCode", "acceptAckCode"],
];
const verdicts: readonly string[] = ["AA", "AE", "AR", "ER", "WG", "IF"];

function saysCode(element: XmlElement): boolean {
  return attribute(element, "code") !== undefined || verdicts.includes(attribute(element, "typeCode") ?? "");
}

/** Whether anything in it gives a code or a verdict, which then nobody reads. */
function holdsCode(element: XmlElement): boolean {
  return saysCode(element) || element.children.some(holdsCode);
}

function isMisplacedCode(element: XmlElement): boolean {
  return saysCode(element) && !codeHolders.includes(element.localName) && !/^acknowledgement/.test(element.localName);
}

/** "Nil" and yet with a value: one of the two is not meant. */
function isNilWithValue({ attributes }: XmlElement): boolean {
  const isOfSchema = ({ namespace }: { readonly namespace: string }): boolean => namespace === instanceNamespace;
  return (
    attributes.some((found) => isOfSchema(found) && found.localName === "nil") &&
    attributes.some((found) => !isOfSchema(found))
  );
}

function hasAttribute(element: XmlElement, { localName, value }: XmlElement["attributes"][number]): boolean {
  return element.attributes.some((found) => found.localName === localName && found.value.trim() === value.trim());
}

/** Whether two elements say the same, in whichever order their attributes stand. */
function saysSame(one: XmlElement, other: XmlElement): boolean {
  return (
    one.localName === other.localName &&
    one.text.trim() === other.text.trim() &&
    one.attributes.length === other.attributes.length &&
    one.attributes.every((attribute) => hasAttribute(other, attribute)) &&
    one.children.length === other.children.length &&
    one.children.every((child, index) => saysSame(child, other.children[index] ?? other))
  );
}

class Examination {
  /** `statuses`: elements named `value` that hold the status of a mini service. */
  constructor(private readonly statuses: readonly XmlElement[]) {}

  isNotUnderstood = false;
  mayHideRecord = false;
  speaksOfRecord = false;
  contradictsItself = false;

  notUnderstood(mayHideRecord: boolean): void {
    this.isNotUnderstood = true;
    this.mayHideRecord ||= mayHideRecord;
  }

  walk(element: XmlElement, shape: Shape, isText: boolean): void {
    const ownText = textOf(element);
    if (ownText !== undefined && (!isText || markup.test(ownText))) this.notUnderstood(true);
    if (isNilWithValue(element)) this.notUnderstood(false);
    if (isMisplacedCode(element) && !this.statuses.includes(element)) {
      this.notUnderstood(false);
      this.contradictsItself = true;
    }
    const firsts = new Map<string, XmlElement>();
    for (const child of element.children) {
      const part =
        isNamedInVocabulary(child) && Object.hasOwn(shape, child.localName) ? shape[child.localName] : undefined;
      if (part === undefined) {
        if (isInfrastructure(child)) continue;
        this.notUnderstood(mayBeRecord(child));
        this.contradictsItself ||= holdsCode(child);
        continue;
      }
      if (child.localName === "pertinentInformation14") this.speaksOfRecord = true;
      const first = firsts.get(child.localName);
      if (first === undefined) firsts.set(child.localName, child);
      else if (!part.isRepeatable && !saysSame(first, child)) this.contradictsItself = true;
      this.walk(child, part.content, part.isText);
    }
  }

  /** Real replies have an element around what they say; it must hold nothing else. */
  descend(element: XmlElement, core: XmlElement): boolean {
    if (element === core) return true;
    const isOnWay = element.children.map((child) => this.descend(child, core)).some((found) => found);
    const isMoreThanWay = element.children.length > 1 || textOf(element) !== undefined;
    if (isOnWay && (isMoreThanWay || suspiciousName.test(element.localName))) this.notUnderstood(true);
    return isOnWay;
  }
}

/** `core` is the interaction or payload that was found in `root`. Never throws. */
export function examineMessage(root: XmlElement, core: XmlElement, shape: ReplyShape): MessageFindings {
  const isStatus = ({ localName }: XmlElement): boolean => shape === "smspPayload" && localName === "value";
  const examination = new Examination(core.children.filter(isStatus));
  examination.descend(root, core);
  examination.walk(core, replyShapes[shape], false);
  const named = attribute(
    core.children.find((child) => isHl7(child) && child.localName === "interactionId"),
    "extension",
  );
  if (named !== undefined && named !== core.localName) examination.contradictsItself = true;
  const { isNotUnderstood, mayHideRecord, speaksOfRecord, contradictsItself } = examination;
  return { isNotUnderstood, mayHideRecord, speaksOfRecord, contradictsItself };
}
