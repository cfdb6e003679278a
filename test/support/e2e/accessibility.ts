// What an automated check and a walk by keyboard find against a page.
import type { Page } from "playwright-core";

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface Findings {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  readonly passes: readonly unknown[];
}

/** What the rules of WCAG 2.2, A and AA, have against this part of the page as it is now. */
export async function accessibilityFaults(page: Page, part = "html"): Promise<readonly string[]> {
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const found = await page.evaluate(`axe.run(${JSON.stringify(part)}, { runOnly: ${JSON.stringify(rules)} })`);
  const { violations, passes } = found as Findings;
  if (passes.length === 0) return [`nothing of ${part} was checked`];
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** In the editor's bright theme and in its dark one. */
export async function faultsInBothThemes(page: Page, part?: string): Promise<readonly string[]> {
  const bright = await accessibilityFaults(page, part);
  await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
  const dark = await accessibilityFaults(page, part);
  await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
  return [...bright, ...dark.map((fault) => `in the dark theme, ${fault}`)];
}

/**
 * Presses Tab from the top of the page until it has been at each control. Tells which could not be reached, which does
 * not show that it has the focus, and where the order is not that of the page.
 */
export async function keyboardFaults(page: Page): Promise<readonly string[]> {
  const faults: string[] = [];
  await page.evaluate(`(() => {
    const wanted = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const isShown = (node) => node.getClientRects().length > 0 && node.checkVisibility({ visibilityProperty: true });
    window.controlsToReach = [...document.querySelectorAll(wanted)].filter(
      (node) => isShown(node) && !node.disabled && node.tabIndex >= 0);
    document.activeElement.blur();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  })()`);
  const expected = await page.evaluate<number>("window.controlsToReach.length");
  for (let step = 0; step < expected; step += 1) {
    await page.keyboard.press("Tab");
    const fault = await page.evaluate<string>(`(() => {
      const node = document.activeElement;
      const name = node.tagName + " " + (node.getAttribute("aria-label") ?? node.textContent).trim().slice(0, 40);
      if (node !== window.controlsToReach[${step}]) return name + " comes out of order, or is no control";
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
      const isSeen = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      return isSeen ? "" : name + " does not show the focus";
    })()`);
    if (fault !== "") faults.push(fault);
  }
  if (expected === 0) faults.push("there is no control");
  return faults;
}
