// The verb `keys rotate`: the store gets a new key, and the old one opens nothing any more.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { readKeyFile, replaceKeyFile } from "../../lib/crypto/key-file.js";
import { encodeKeyRing, parseKeyRing, type KeyRing } from "../../lib/crypto/key-ring.js";
import { rotateKeys } from "../../lib/crypto/key-rotation.js";
import { keyFileOf, openStore } from "../adapter/stores/open-store.js";
import type { StorePlace } from "../adapter/stores/store-settings.js";
import { exists, placeOptions, placeUsage, readPlace, settingsOf } from "./store-place.js";
import { refuse, textOption, type Verb } from "./verb.js";

interface KeyPlace {
  readonly ring: KeyRing;
  save(ring: KeyRing): Promise<void>;
  /** Where the new key lies. */
  readonly file: string;
}

/** A key that lies in credentials is written to a file, from which a person takes it to every instance. */
async function keyPlaceOf(place: StorePlace, out: string | undefined): Promise<KeyPlace> {
  const file = place.keyRing === undefined && place.kind === "embedded" ? keyFileOf(place.folder) : undefined;
  if (file !== undefined) {
    if (out !== undefined) refuse("--out is for a key that is in CP_IS_STORE_KEY.");
    const ring = (await readKeyFile(file)) ?? refuse("There is no key file beside the folder.");
    return { ring, file, save: (next) => replaceKeyFile(file, next, randomBytes) };
  }
  const target = path.resolve(
    out ?? refuse("--out names the file for the new key, since the key is in CP_IS_STORE_KEY."),
  );
  const given = parseKeyRing(place.keyRing ?? "");
  // What an earlier rotation has begun is gone on with.
  const begun = (await exists(target)) ? await readKeyFile(target) : undefined;
  if (begun === undefined) await fs.writeFile(target, encodeKeyRing(given), { mode: 0o600, flag: "wx" });
  return { ring: begun ?? given, file: target, save: (next) => replaceKeyFile(target, next, randomBytes) };
}

export const keysRotate: Verb = {
  name: "keys rotate",
  summary: "gives the store a new key and seals everything again with it",
  usage: `${placeUsage} [--out <file>]`,
  help: `Every Node-RED that uses the store must be stopped. The new key is kept before anything is sealed with it, and the
old one goes when nothing is left under it; a rotation that was cut off is ended by calling it again. Backups made before need
the old key: keep it with them. A key in the file beside the folder is replaced there. One in CP_IS_STORE_KEY is written to
--out: put its line into the message store of every Node-RED before they start again, then remove the file.`,
  options: { ...placeOptions, out: { type: "string" } },
  async run(values, { environment }) {
    const place = await readPlace(values, environment);
    const keys = await keyPlaceOf(place, textOption(values, "out"));
    const { resealed, retired } = await rotateKeys({
      ring: keys.ring,
      randomBytes,
      save: (next) => keys.save(next),
      open: (next) => openStore(settingsOf({ ...place, keyRing: encodeKeyRing(next) })),
    });
    const text = `${resealed} contents are sealed with the new key; ${retired} older keys are gone.\nThe key is in ${keys.file}\n`;
    return { exitCode: 0, text, json: { resealed, retired, file: keys.file } };
  },
};
