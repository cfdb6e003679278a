// What a transport tells the operator: ids and codes only, and of what a peer has written only harmless forms.
import type { Node } from "node-red";

export interface OperatorLog {
  warn(text: string): void;
  info(text: string): void;
  debug(text: string): void;
}

export function operatorLogOf(node: Node): OperatorLog {
  return {
    warn: (text) => node.warn(text),
    info: (text) => node.log(text),
    debug: (text) => node.debug(text),
  };
}

/** An id is whatever the peer has written: one that could forge or fill the log is not repeated. */
export function toldId(id: string): string {
  return /^[\w.:@+-]{1,80}$/.test(id) ? id : "(an id of another form)";
}
