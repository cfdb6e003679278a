// The tree of an upload file as REPC_MT000002GB01 has it: names, order and how often, as data.

/** What an element may hold. "free" is judged by a rule of its own. */
export type ShapeContent = "text" | "free" | readonly ElementShape[];

/** Only `minimum` 1 is asked for here where no rule with words of its own asks for the element. */
export interface ElementShape {
  readonly name: string;
  readonly minimum: 0 | 1;
  readonly maximum: number;
  readonly attributes: readonly string[];
  readonly content: ShapeContent;
  /** The contentId is in a namespace of its own. */
  readonly isContentId?: boolean;
}

interface ShapeOptions {
  readonly minimum?: 0 | 1;
  readonly maximum?: number;
  readonly attributes?: readonly string[];
}

function shape(name: string, content: ShapeContent, options: ShapeOptions = {}): ElementShape {
  const { minimum = 0, maximum = 1, attributes = [] } = options;
  return { name, minimum, maximum, attributes, content };
}

const value = (minimum: 0 | 1): ElementShape => shape("value", [], { minimum, attributes: ["value"] });

/** Upload forms of the plans, each with what leads the names of its dates. Not the numbers of the response. */
export const uploadPlanForms = [
  { element: "COCT_TP146100GB01.LACInformation", prefix: "lAC", planType: "looked-after-child" },
  { element: "COCT_TP146101GB01.CPPInformation", prefix: "cPP", planType: "child-protection-plan" },
  { element: "COCT_TP146102GB01.UCPInformation", prefix: "uCP", planType: "unborn-child-protection-plan" },
] as const;

export const childElement = "COCT_TP145101GB01.Child";
export const unbornChildElement = "COCT_TP145100GB01.UnbornChild";

const contentId: ElementShape = {
  ...shape("contentId", [], { attributes: ["root", "extension"] }),
  isContentId: true,
};

const personIds = shape("id", [], {
  maximum: Number.POSITIVE_INFINITY,
  attributes: ["root", "extension", "assigningAuthorityName"],
});
const birthTime = shape("birthTime", [], { attributes: ["value"] });
/** Its parts, and that it has no use, are a rule of their own. */
const personName = shape("name", "free", { attributes: ["use"] });

const planForms = uploadPlanForms.map(({ element, prefix }) =>
  shape(element, [
    shape("component", [shape(`${prefix}StartDate`, [value(0)])]),
    shape("component1", [shape(`${prefix}EndDate`, [value(1)], { minimum: 1 })]),
    shape("component2", [shape(`${prefix}DeleteDate`, [value(1)], { minimum: 1 })]),
  ]),
);

const personForms = [
  shape(childElement, [personIds, shape("childPerson", [birthTime, personName], { minimum: 1 })]),
  shape(unbornChildElement, [
    shape("parentMotherPerson", [birthTime, personName, shape("playedMother", [personIds], { minimum: 1 })], {
      minimum: 1,
    }),
  ]),
];

/** A contentId, and one of the forms: which of them, and whether they fit, are rules of their own. */
function holder(holderName: string): ElementShape {
  return shape(holderName, "free", { maximum: Number.POSITIVE_INFINITY });
}

export const recordShape = shape("record", [
  shape("CP-ISRecord", [holder("pertinentInformation"), holder("subject")], { minimum: 1 }),
]);

export const templateShapes: ReadonlyMap<string, ElementShape> = new Map(
  [contentId, ...planForms, ...personForms].map((form) => [form.name, form]),
);

const telecoms = shape("telecom", [], { maximum: Number.POSITIVE_INFINITY, attributes: ["value", "use"] });

export const fileShape = shape("File", [
  shape("creationTime", [], { attributes: ["value"] }),
  shape("id", [], { attributes: ["extension"] }),
  shape("transmissionQuantity", [], { attributes: ["value"] }),
  shape(
    "communicationFunctionSnd",
    [
      shape("organisation", [shape("id", [], { attributes: ["root", "extension"] }), shape("name", "text"), telecoms], {
        minimum: 1,
      }),
    ],
    { minimum: 1 },
  ),
  shape("record", "free", { maximum: Number.POSITIVE_INFINITY }),
]);
