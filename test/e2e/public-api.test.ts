// What the package promises to those who use it as a library: the reports in api/, and the documentation's examples.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import ts from "typescript";
import { projectRoot } from "../support/e2e/node-red-process.js";

/** By `npm run api`: the reports are written anew instead of compared. */
const isWriting = process.env["UPDATE_API"] === "1";
const doors = [
  "index",
  "codecs",
  "mhs",
  "mesh",
  "store",
  "services",
  "fhir",
  "schema",
  "rehearsal",
  "simulator",
] as const;

function declarationsOf(door: (typeof doors)[number]): string {
  if (door === "index") return "dist/lib/index.d.ts";
  return door === "simulator" ? "dist/lib/simulator/index.d.ts" : `dist/lib/exports/${door}.d.ts`;
}

function compare(door: (typeof doors)[number], folder: string): boolean {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: projectRoot,
      mainEntryPointFilePath: path.join(projectRoot, declarationsOf(door)),
      compiler: { tsconfigFilePath: path.join(projectRoot, "tsconfig.json") },
      apiReport: {
        enabled: true,
        reportFileName: door,
        reportFolder: path.join(projectRoot, "api"),
        reportTempFolder: folder,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
      newlineKind: "lf",
    },
    configObjectFullPath: path.join(projectRoot, "api-extractor.json"),
    packageJsonFullPath: path.join(projectRoot, "package.json"),
  });
  const silent = (message: { handled: boolean }): void => void (message.handled = true);
  return Extractor.invoke(config, { localBuild: isWriting, messageCallback: silent }).apiReportChanged;
}

describe("The public API", () => {
  let folder: string;
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-api-"));
  });
  after(async () => fs.rm(folder, { recursive: true }));

  for (const door of doors) {
    it(`of ${door} is as its report says; npm run api writes it anew`, () => {
      assert.ok(!compare(door, folder) || isWriting);
    });
  }

  it("is small at its front", async () => {
    const report = await fs.readFile(path.join(projectRoot, "api", "index.api.md"), "utf8");
    const names = report.match(/^export /gm) ?? [];
    assert.ok(names.length > 20 && names.length <= 45, `${names.length} names`);
  });
});

describe("The examples of the documentation", () => {
  let folder: string;
  let examples: readonly string[];

  before(async () => {
    const readme = await fs.readFile(path.join(projectRoot, "docs", "library.md"), "utf8");
    examples = [...readme.matchAll(/^```(?:ts|js|typescript|javascript)\n([^]*?)^```$/gm)].map(([, code]) => code!);
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-readme-"));
    await fs.mkdir(path.join(folder, "node_modules", "@cp-is"), { recursive: true });
    await fs.symlink(projectRoot, path.join(folder, "node_modules", "@cp-is", "node-red"), "junction");
    await fs.symlink(
      path.join(projectRoot, "node_modules", "@types"),
      path.join(folder, "node_modules", "@types"),
      "junction",
    );
  });
  after(async () => {
    await fs.unlink(path.join(folder, "node_modules", "@cp-is", "node-red"));
    await fs.unlink(path.join(folder, "node_modules", "@types"));
    await fs.rm(folder, { recursive: true });
  });

  /** Top-level await has no place in CommonJS. */
  function inFunction(code: string): string {
    const lines = code.split("\n");
    const last = lines.findLastIndex((line) => line.startsWith("import "));
    const [imports, body] = [lines.slice(0, last + 1), lines.slice(last + 1)];
    return [...imports, "export async function example(): Promise<void> {", ...body, "}"].join("\n");
  }

  async function faultsOf(extension: "cts" | "mts"): Promise<string[]> {
    const files = await Promise.all(
      examples.map(async (code, index) => {
        const file = path.join(folder, `example${index}.${extension}`);
        await fs.writeFile(file, extension === "cts" ? inFunction(code) : `${code}\nexport {};\n`);
        return file;
      }),
    );
    const program = ts.createProgram(files, {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      esModuleInterop: true,
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts"],
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      types: ["node"],
      typeRoots: [path.join(folder, "node_modules", "@types")],
    });
    return ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => file === undefined || !/node_modules.(?!@cp-is)/.test(path.relative(folder, file.fileName)))
      .map(({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  }

  for (const [extension, kind] of [
    ["mts", "ES modules"],
    ["cts", "CommonJS"],
  ] as const) {
    it(`compile strictly as ${kind}`, async () => {
      assert.ok(examples.length >= 2);
      assert.deepEqual(await faultsOf(extension), []);
    });
  }
});
