// The verbs `audit verify` and `audit export`: the audit is held against its heads, or written out.
import { createContentProtection } from "../../lib/crypto/content-protection.js";
import { readKeyFile } from "../../lib/crypto/key-file.js";
import { parseKeyRing } from "../../lib/crypto/key-ring.js";
import { isCpisError } from "../../lib/errors.js";
import { auditFormats, exportAudit, verifyAudit, type AuditFault } from "../../lib/services/audit.js";
import type { AuditHead } from "../../lib/store/audit-model.js";
import { readCheckpoint } from "../../lib/store/checkpoint.js";
import { checkpointFileOf, keyFileOf, openStore } from "../adapter/stores/open-store.js";
import type { StorePlace } from "../adapter/stores/store-settings.js";
import { randomBytes } from "node:crypto";
import { placeOptions, placeUsage, readPlace, settingsOf } from "./store-place.js";
import { refuse, textOption, type Verb } from "./verb.js";

const faults: Readonly<Record<AuditFault, string>> = {
  number: "an entry before it is missing, or there is one too many",
  link: "it does not follow the entry before it",
  content: "it was changed after it was written",
  seal: "it was not written with this store's key",
  head: "entries were removed or written anew: the chain is not the one whose head was kept",
};

function readHead(text: string): AuditHead {
  const [, number, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined)
    return refuse("The head is not <number>:<hash>, as verify prints it.");
  return { number: Number(number), hash };
}

/** Undefined where there is none; what cannot be read with this key is told by the entries as well. */
async function headBeside(place: StorePlace): Promise<AuditHead | undefined> {
  if (place.kind !== "embedded") return undefined;
  const ring = place.keyRing === undefined ? await readKeyFile(keyFileOf(place.folder)) : parseKeyRing(place.keyRing);
  if (ring === undefined) return undefined;
  try {
    const protection = createContentProtection(ring, randomBytes);
    return (await readCheckpoint(checkpointFileOf(place.folder), protection))?.auditHead;
  } catch (error) {
    if (isCpisError(error) && !error.retryable) return undefined;
    throw error;
  }
}

const stopped = `The embedded store must not be open: stop Node-RED, or use a copy of the folder and of the key file beside it.
A database may be in use.`;

export const auditVerify: Verb = {
  name: "audit verify",
  summary: "tells whether an entry of the audit was changed, put in or taken out",
  usage: `${placeUsage} [--head <number>:<hash>]`,
  help: `Reads the whole audit and holds it against its head in the store, the head in the file beside the store, and
--head, one that you have noted or that a log collector keeps. ${stopped}`,
  options: { ...placeOptions, head: { type: "string" } },
  async run(values, { environment }) {
    const given = textOption(values, "head");
    const noted = given === undefined ? [] : [readHead(given)];
    const place = await readPlace(values, environment);
    const beside = await headBeside(place);
    const heads = beside === undefined ? noted : [...noted, beside];
    const store = await openStore(settingsOf(place), { isUnchecked: true });
    try {
      const verification = await verifyAudit(store, ...heads);
      if (verification.kind === "broken") {
        const text = `BROKEN at entry ${verification.number}: ${faults[verification.fault]}.\n`;
        return { exitCode: 1, text, json: { ...verification } };
      }
      const { entries, head } = verification;
      const note = "Note it elsewhere: with it a store that was put back as a whole is told as well.";
      const text = `Intact: ${entries} entries.\nHead: ${head.number}:${head.hash}\n${note}\n`;
      return { exitCode: 0, text, json: { ...verification, comparedWith: heads.length + 1 } };
    } finally {
      await store.close();
    }
  },
};

export const auditExport: Verb = {
  name: "audit export",
  summary: "writes the audit out as CSV or as JSON lines",
  usage: `${placeUsage} [--format csv|json-lines]`,
  help: `Writes every entry to standard output, oldest first. NHS numbers stand in it as keyed hashes only.
With --json the format is json-lines. ${stopped}`,
  options: { ...placeOptions, format: { type: "string" } },
  async run(values, surroundings) {
    const wanted = textOption(values, "format") ?? (values["json"] === true ? "json-lines" : "csv");
    const format =
      auditFormats.find((known) => known === wanted) ?? refuse(`--format is ${auditFormats.join(" or ")}.`);
    const store = await openStore(settingsOf(await readPlace(values, surroundings.environment)), { isUnchecked: true });
    try {
      for await (const line of exportAudit(store, format)) await surroundings.print(line);
    } finally {
      await store.close();
    }
    return undefined;
  },
};
