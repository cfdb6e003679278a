// Opens Chromium: the one named by CHROMIUM_PATH, else the one from npm, and collects what a page complains about.
import fs from "node:fs/promises";
import path from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { projectRoot } from "./node-red-process.js";

/** The npm package unpacks the shared libraries it needs only when it believes to run where they are missing. */
function believeInMissingLibraries(): void {
  process.env["AWS_LAMBDA_JS_RUNTIME"] = "nodejs22.x";
  process.env["AWS_EXECUTION_ENV"] = "AWS_Lambda_nodejs22.x";
}

export async function openBrowser(): Promise<Browser> {
  const quiet = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const own = process.env["CHROMIUM_PATH"];
  if (own !== undefined) return chromium.launch({ executablePath: own, args: quiet });
  believeInMissingLibraries();
  const { default: packaged } = await import("@sparticuz/chromium");
  return chromium.launch({ executablePath: await packaged.executablePath(), args: quiet });
}

/** For each single step on a page. */
const patienceMilliseconds = 90_000;

export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts and of the console so far. */
  readonly complaints: readonly string[];
}

export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMilliseconds);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Kept for the eye: test-output/ is not part of the repository. */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  const folder = path.join(projectRoot, "test-output", "screenshots");
  await fs.mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
