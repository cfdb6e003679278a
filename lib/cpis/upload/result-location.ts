// Where in a response a result says that its record stands: an XPath whose form nobody has published.

/** The record's number in the location, from 1, and where its digits stand in the text. */
export interface ResultLocation {
  readonly record: number;
  /** Absent where the number is not written. */
  readonly digits?: { readonly start: number; readonly end: number };
}

interface Step {
  readonly start: number;
  readonly text: string;
}

/** Far longer than any path into a response; a longer text is not looked at. */
const maximumLength = 1000;

/** The steps of a path: slashes within brackets and quotes do not part them. */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let index = 0; index < path.length; index += 1) {
    const character = path.charAt(index);
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    else if (character === "/" && depth === 0) {
      steps.push({ start, text: path.slice(start, index) });
      start = index + 1;
    }
  }
  steps.push({ start, text: path.slice(start) });
  return steps;
}

/** "message", "hl7:message", "child::hl7:record", "*:message", "Q{urn:hl7-org:v3}message". */
const namedStep = /^\s*(?:child::)?(?:[\w.-]+:|\*:|Q?\{[^}]*\})?(?:message|record)\s*(?=\[|$)/;
/** "*[local-name()='message']", also with a namespace or a number in the same brackets. */
const testedStep =
  /^\s*(?:child::)?\*\s*(?=\[\s*(?:local-name|name)\(\s*\)\s*=\s*(?:'(?:[\w.-]+:)?(?:message|record)'|"(?:[\w.-]+:)?(?:message|record)"))/;
const nameTest = /(?:local-name|name|namespace-uri)\(\s*\)\s*=\s*(?:'[^']*'|"[^"]*")/g;
/** Once the names are tested and the blanks are gone: a number or nothing. */
const numberTest = /^(?:\[\])*(?:\[(?:position\(\)=)?([0-9]{1,9})\])?(?:\[\])*$/;

/** What a step asks beside its name; undefined when it is none of a message. */
function testsOf(step: string): string | undefined {
  const matched = namedStep.exec(step) ?? testedStep.exec(step);
  if (matched === null) return undefined;
  return step.slice(matched[0].length);
}

function readStep(step: Step): ResultLocation | undefined {
  const tests = (testsOf(step.text) ?? "").replace(nameTest, "").replace(/ and |\s/g, "");
  const matched = numberTest.exec(tests);
  if (matched === null) return undefined;
  const digits = matched[1];
  if (digits === undefined) return { record: 1 };
  if (Number(digits) === 0) return undefined;
  const start = step.start + step.text.lastIndexOf(digits);
  return { record: Number(digits), digits: { start, end: start + digits.length } };
}

/**
 * Which record a location means: by the last step that names `message` or `record`, with any prefix or as
 * `*[local-name()='message']`, and by the number in its brackets; without brackets it is the first. Undefined when no
 * step does so, or when one asks for anything else, or for number 0.
 */
export function readResultLocation(location: string): ResultLocation | undefined {
  if (location.length > maximumLength) return undefined;
  const step = stepsOf(location).findLast(({ text }) => testsOf(text) !== undefined);
  return step === undefined ? undefined : readStep(step);
}
