// Runs in the editor: makes elements from names, attributes and texts. Data becomes text and nothing else.
export function createElements(document) {
  const drawing = "http://www.w3.org/2000/svg";

  function set(node, name, value) {
    if (value === undefined || value === false) return;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) set(node, name, value);
    for (const child of children.flat(Infinity)) {
      if (child !== undefined && child !== null && child !== false) node.append(child);
    }
    return node;
  }

  function element(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(drawing, tag), attributes, children);
  }

  function icon(name) {
    return element("i", { class: "fa " + name, "aria-hidden": "true" });
  }

  function button(text, onclick, attributes) {
    return element("button", { type: "button", class: "cp-is-log-button", onclick, ...attributes }, text);
  }

  /** Draws a part anew; the focus stays on what has the same key. */
  function redraw(container, children) {
    const active = container.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    container.replaceChildren(...children.flat(Infinity).filter(Boolean));
    if (active === undefined) return;
    const again = [...container.querySelectorAll("[data-key]")].find((node) => node.dataset.key === active);
    if (again) again.focus({ preventScroll: true });
  }

  let ids = 0;
  function newId() {
    ids += 1;
    return "cp-is-log-" + ids;
  }

  return { element, svg, icon, button, redraw, newId };
}
