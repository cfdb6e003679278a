// What the dialogs of several nodes share: the global `cpIs` of their scripts.
import { keepPaletteLabels } from "./palette-labels.js";

export { connectionCheck } from "./connection-check.js";
export { messagesOfNode } from "./message-log/messages-of-node.js";
export { fieldChecks } from "./field-checks.js";

keepPaletteLabels();
