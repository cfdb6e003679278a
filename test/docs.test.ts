// Holds the documentation: its links lead somewhere, its JSON is JSON, its commands exist.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

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
    const known = new Set([...Object.keys(scripts), "install", "ci", "pack"]);
    const unknown = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !known.has(name) && !["package", "and", "packages", "alone", "scripts"].includes(name))
        .map((name) => `${path.relative(root, file)}: npm ${name}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("has no line that a terminal breaks, tables and links apart", () => {
    const long = [...texts].flatMap(([file, text]) =>
      text
        .replace(/^```[\s\S]*?^```/gm, "")
        .split("\n")
        .filter((line) => line.length > 150 && !line.startsWith("|") && !line.includes("]("))
        .map((line) => `${path.relative(root, file)}: ${line.slice(0, 60)}`),
    );
    assert.deepEqual(long, []);
  });
});
