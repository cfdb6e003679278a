// What a person does in the editor, and what the person then sees.
import type { Page } from "playwright-core";

const patienceMilliseconds = 90_000;

/** Clicks the button at the left end of an inject node. */
export async function pressInject(page: Page, nodeId: string): Promise<void> {
  await page.locator(`[id="${nodeId}"] .red-ui-flow-node-button-button`).click();
}

/** The status text below a node, once it is as expected. */
export async function statusOf(page: Page, nodeId: string, expected: RegExp): Promise<string> {
  const label = page.locator(`[id="${nodeId}"] .red-ui-flow-node-status-label`, { hasText: expected });
  await label.waitFor({ timeout: patienceMilliseconds });
  return (await label.textContent()) ?? "";
}

/** The newest message in the debug sidebar that comes from the debug node of this name. */
export async function debugMessage(page: Page, nodeName: string): Promise<string> {
  const message = page.locator(".red-ui-debug-msg", { hasText: `node: ${nodeName}` }).last();
  await message.waitFor({ timeout: patienceMilliseconds });
  return message.innerText();
}

/** Puts a node of this type from the palette onto the workspace and gives its id. */
export async function dragFromPalette(page: Page, type: string, x: number, y: number): Promise<string> {
  const entry = page.locator(`[data-palette-type="${type}"]`);
  await entry.scrollIntoViewIfNeeded();
  await entry.dragTo(page.locator("#red-ui-workspace-chart"), { targetPosition: { x, y } });
  const id = await page.evaluate<string>(
    `RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).map((node) => node.id).at(-1)`,
  );
  await page.locator(`[id="${id}"]`).waitFor();
  return id;
}

/** Draws a wire with the mouse. */
export async function wire(page: Page, fromId: string, output: number, toId: string): Promise<void> {
  const from = page.locator(`[id="${fromId}"] .red-ui-flow-port-output`).nth(output);
  const to = page.locator(`[id="${toId}"] .red-ui-flow-port-input`);
  const start = await from.boundingBox();
  const end = await to.boundingBox();
  if (start === null || end === null) throw new Error("a port is not visible");
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width / 2 - 10, end.y + end.height / 2, { steps: 8 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 4 });
  await page.mouse.up();
}

export async function openDialog(page: Page, nodeId: string): Promise<void> {
  await page.locator(`[id="${nodeId}"] .red-ui-flow-node`).dblclick();
  await page.locator("#node-dialog-ok").waitFor();
  // The tray slides in; clicks before its end go astray.
  await page.waitForTimeout(400);
}

/** Opens it without the mouse: a double click is lost while a tray still slides away. */
export async function editNode(page: Page, nodeId: string): Promise<void> {
  await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(nodeId)}))`);
  await page.locator("#node-dialog-ok").waitFor();
  await page.waitForTimeout(400);
}

export async function closeTray(page: Page, button: "node-dialog-ok" | "node-config-dialog-ok"): Promise<void> {
  await page.locator(`#${button}`).click();
  await page.locator(`#${button}`).waitFor({ state: "detached" });
  await page.waitForTimeout(300);
}

export async function deploy(page: Page): Promise<void> {
  await page.locator("#red-ui-header-button-deploy").click();
  await page.locator("#red-ui-header-button-deploy.disabled").waitFor({ timeout: patienceMilliseconds });
}
