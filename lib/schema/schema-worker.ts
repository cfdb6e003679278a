// Runs in a worker thread: compiles the schemas as they are needed, and checks one message after the other.
import { parentPort, workerData } from "node:worker_threads";
import type * as Libxml2 from "libxml2-wasm" with { "resolution-mode": "import" };
import type { SchemaVerdict, WorkerAnswer, WorkerData, WorkerRequest } from "./model.js";
import { createSchemaFinding } from "./schema-finding.js";

const scheme = "cp-is-schema:///";
const findingsKept = 50;
const { files, roots, words: wordList } = workerData as WorkerData;
const texts = new Map(files.map(({ path, text }) => [`${scheme}${path}`, Buffer.from(text, "utf8")]));
const schemaOf = new Map(roots);
const words = new Set(wordList);
const validators = new Map<string, Libxml2.XsdValidator>();
let library: typeof Libxml2 | undefined;

/** The set, and nothing else, can be opened: no other provider is ever registered. */
function openFiles(): Libxml2.XmlInputProvider {
  const open = new Map<number, { readonly bytes: Buffer; offset: number }>();
  let last = 0;
  return {
    match: (name) => texts.has(name),
    open(name) {
      const bytes = texts.get(name);
      if (bytes === undefined) return undefined;
      last += 1;
      open.set(last, { bytes, offset: 0 });
      return last;
    },
    read(id, target) {
      const file = open.get(id);
      if (file === undefined) return -1;
      const count = file.bytes.copy(target, 0, file.offset);
      file.offset += count;
      return count;
    },
    close: (id) => open.delete(id),
  };
}

async function load(): Promise<typeof Libxml2> {
  if (library === undefined) {
    library = await import("libxml2-wasm");
    library.xmlRegisterInputProvider(openFiles());
  }
  return library;
}

class UnusableSchema extends Error {}

function validatorFor({ XmlDocument, XsdValidator, ParseOption }: typeof Libxml2, path: string): Libxml2.XsdValidator {
  const present = validators.get(path);
  if (present !== undefined) return present;
  const url = `${scheme}${path}`;
  const text = texts.get(url);
  if (text === undefined) throw new UnusableSchema(path);
  const option: Libxml2.ParseOption = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE;
  try {
    using schema = XmlDocument.fromBuffer(text, { url, option });
    const validator = XsdValidator.fromDoc(schema);
    validators.set(path, validator);
    return validator;
  } catch (cause) {
    throw new UnusableSchema(path, { cause });
  }
}

function check(libxml2: typeof Libxml2, bytes: Uint8Array): SchemaVerdict {
  const { XmlDocument, XmlValidateError, XmlLibError, ParseOption } = libxml2;
  const option: Libxml2.ParseOption =
    ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_BIG_LINES;
  let document: Libxml2.XmlDocument;
  try {
    document = XmlDocument.fromBuffer(bytes, { option });
  } catch (error) {
    if (error instanceof XmlLibError) return { kind: "not-checked", code: "XML_MALFORMED" };
    throw error;
  }
  using checked = document;
  if (checked.dtd !== null) return { kind: "not-checked", code: "XML_DOCTYPE" };
  const { root } = checked;
  const schema = schemaOf.get(`{${root.namespaceUri}}${root.name}`);
  if (schema === undefined) return { kind: "no-schema" };
  try {
    validatorFor(libxml2, schema).validate(checked);
    return { kind: "valid", schema };
  } catch (error) {
    if (error instanceof UnusableSchema) return { kind: "unusable", code: "SCHEMA_INVALID", detail: error.message };
    if (!(error instanceof XmlValidateError)) throw error;
    const findings = error.details
      .slice(0, findingsKept)
      .map(({ message, line }) => createSchemaFinding(message, line, words));
    return { kind: "invalid", schema, total: error.details.length, findings };
  }
}

async function answer({ id, bytes }: WorkerRequest): Promise<WorkerAnswer> {
  let libxml2: typeof Libxml2;
  try {
    libxml2 = await load();
  } catch {
    return { id, verdict: { kind: "unusable", code: "SCHEMA_VALIDATOR_MISSING", detail: "the package libxml2-wasm" } };
  }
  return { id, verdict: check(libxml2, bytes) };
}

parentPort?.on("message", (request: WorkerRequest) => {
  void answer(request).then((given) => parentPort?.postMessage(given));
});
