// The palette tears a label at each hyphen and joins it with blanks: "CP - IS query". The hyphens are put back as they were.

interface Events {
  on(name: string, listener: () => void): void;
}

declare const RED: { readonly events?: Events };

const torn = "CP - IS";
const whole = "CP-IS";
const mark = "cpIsPaletteLabels";

function mend(): void {
  for (const label of document.querySelectorAll('[data-palette-type^="cp-is "] .red-ui-palette-label')) {
    for (const part of label.childNodes) {
      const text = part.textContent?.replace(/\s+/g, " ") ?? "";
      if (part.nodeType === Node.TEXT_NODE && text.includes(torn)) part.textContent = text.replace(torn, whole);
    }
  }
}

/** Once for each page, however many templates load this script. */
export function keepPaletteLabels(): void {
  if (RED.events === undefined || mark in window) return;
  Reflect.set(window, mark, true);
  // The palette shows a type when it hears of it, and it has listened for longer.
  RED.events.on("registry:node-type-added", () => window.setTimeout(mend));
}
