// The version of this package, as a report names it.
import fs from "node:fs/promises";
import path from "node:path";

export async function versionOfPackage(): Promise<string> {
  // The same place from the sources and from the built package.
  for (const up of ["../..", "../../.."]) {
    try {
      const text = await fs.readFile(path.join(__dirname, up, "package.json"), "utf8");
      const version: unknown = Reflect.get(JSON.parse(text) as object, "version");
      if (typeof version === "string") return version;
    } catch {
      // Not here: it lies one folder further up in the built package.
    }
  }
  return "unknown";
}
