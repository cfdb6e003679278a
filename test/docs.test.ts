// Holds the documentation: its links lead somewhere, its JSON is JSON, its commands exist.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { errorTable } from "../lib/errors.js";

const root = path.resolve(__dirname, "..");
const places = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "lib", "nodes", "docs"];

function markdownFiles(): string[] {
  return places.flatMap((place) => {
    const at = path.join(root, place);
    if (!fs.existsSync(at)) return [];
    if (fs.statSync(at).isFile()) return [at];
    return fs
      .readdirSync(at, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md"))
      .map((file) => path.join(at, file));
  });
}

/** Text outside of code, where "[x](y)" is a link. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
}

/** As the hosts of git make them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6}\s+(.+)$/gm)];
  return new Set(
    headings.map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

function linkFault(file: string, link: string): string | undefined {
  if (/^(https?:|mailto:)/.test(link)) return undefined;
  const [place = "", anchor] = link.split("#");
  const target = place === "" ? file : path.resolve(path.dirname(file), decodeURIComponent(place));
  if (!fs.existsSync(target)) return `${path.relative(root, file)}: ${link}`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchorsOf(fs.readFileSync(target, "utf8")).has(anchor)
    ? undefined
    : `${path.relative(root, file)}: ${link} has no such heading`;
}

function fences(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code = ""]) => code);
}

/** Of a text with places for values, the longest piece without one. */
function longestPart(text: string): string {
  return text
    .split(/__[a-z]+__/i)
    .map((part) => part.replace(/^[\s,:]+|[\s,:]+$/g, ""))
    .reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

describe("the documentation", () => {
  const files = markdownFiles();
  const texts = new Map(files.map((file) => [file, fs.readFileSync(file, "utf8")]));

  it("has links that lead somewhere", () => {
    const faults = [...texts].flatMap(([file, text]) =>
      [...withoutCode(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap(
        ([, link = ""]) => linkFault(file, link) ?? [],
      ),
    );
    assert.deepEqual(faults, []);
  });

  it("shows JSON that is JSON", () => {
    for (const [file, text] of texts) {
      for (const json of fences(text, "json"))
        assert.doesNotThrow(() => JSON.parse(json) as unknown, `${file}: ${json}`);
    }
  });

  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const known = new Set([...Object.keys(scripts), "install", "ci", "pack", "init"]);
    const unknown = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !known.has(name) && !["package", "and", "packages", "alone", "scripts"].includes(name))
        .map((name) => `${path.relative(root, file)}: npm ${name}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("names error codes that exist", () => {
    const families = [...new Set(Object.keys(errorTable).map((code) => code.split("_")[0] ?? ""))].join("|");
    // Names of environment variables look alike.
    const variables = new Set(["CPIS_", "CP_IS_"]);
    const unknown = [...texts]
      .filter(([file]) => !file.endsWith("CHANGELOG.md"))
      .flatMap(([file, text]) =>
        [...text.matchAll(new RegExp(`\\b(?:${families})_[A-Z0-9_]*[A-Z0-9]\\b(?!\\*)`, "g"))]
          .map(([code]) => code)
          .filter((code) => !(code in errorTable) && !variables.has(code))
          .map((code) => `${path.relative(root, file)}: ${code}`),
      );
    assert.deepEqual([...new Set(unknown)], []);
  });

  it("has a line of the runbook for each alert, and of the troubleshooting for each status", () => {
    const read = (...names: string[]): string => fs.readFileSync(path.join(root, ...names), "utf8");
    const runbook = read("docs", "runbook.md");
    const conditions = [
      ...read("nodes", "cp-is-alert", "alert-book.ts").matchAll(/^ *(?:\| )?"([a-z]+(?:-[a-z]+)+)"/gm),
    ];
    assert.ok(conditions.length > 0);
    assert.deepEqual(
      conditions.map(([, condition = ""]) => condition).filter((condition) => !runbook.includes(`**${condition}**`)),
      [],
    );
    const troubleshooting = read("docs", "troubleshooting.md").replace(/\s+/g, " ");
    const missing = fs.readdirSync(path.join(root, "nodes")).flatMap((node) => {
      const file = path.join(root, "nodes", node, "locales", "en-US", `${node}.json`);
      if (!fs.existsSync(file)) return [];
      const catalogue = JSON.parse(fs.readFileSync(file, "utf8")) as Record<
        string,
        { status?: Record<string, string> }
      >;
      return Object.entries(catalogue[node]?.status ?? {})
        .filter(([, text]) => !troubleshooting.includes(longestPart(text)))
        .map(([key, text]) => `${node}.${key}: ${text}`);
    });
    assert.deepEqual(missing, []);
  });
});
