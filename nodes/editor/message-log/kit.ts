// Makes elements from names, attributes and texts. Data becomes text and nothing else.

export type Child = Node | string | number | false | undefined | null | readonly Child[];
type Value = string | number | boolean | undefined | ((event: never) => void);
export type Attributes = Readonly<Record<string, Value>>;

const drawing = "http://www.w3.org/2000/svg";

function setAttribute(node: Element, name: string, value: Value): void {
  if (value === undefined || value === false) return;
  if (typeof value === "function") node.addEventListener(name.slice(2), value as EventListener);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function nodesOf(children: readonly Child[]): (Node | string)[] {
  const found: (Node | string)[] = [];
  for (const child of children) {
    if (Array.isArray(child)) found.push(...nodesOf(child as readonly Child[]));
    else if (child instanceof Node || typeof child === "string") found.push(child);
    else if (typeof child === "number") found.push(String(child));
  }
  return found;
}

function fill<Made extends Element>(node: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...nodesOf(children));
  return node;
}

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  return fill<SVGElement>(document.createElementNS(drawing, tag), attributes, children);
}

export function icon(name: string): HTMLElement {
  return element("i", { class: `fa ${name}`, "aria-hidden": "true" });
}

export function button(
  text: Child,
  onclick: (event: MouseEvent) => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  return element("button", { type: "button", class: "cp-is-log-button", onclick, ...attributes }, text);
}

function keyOf(node: Element): string | undefined {
  return node instanceof HTMLElement ? node.dataset["key"] : undefined;
}

/** Draws a part anew; the focus stays on what has the same key. */
export function redraw(container: Element, children: readonly Child[]): void {
  const { activeElement } = document;
  const active = activeElement !== null && container.contains(activeElement) ? keyOf(activeElement) : undefined;
  container.replaceChildren(...nodesOf(children));
  if (active === undefined) return;
  const again = [...container.querySelectorAll<HTMLElement>("[data-key]")].find((node) => keyOf(node) === active);
  again?.focus({ preventScroll: true });
}

let ids = 0;

export function newId(): string {
  ids += 1;
  return `cp-is-log-${ids}`;
}
