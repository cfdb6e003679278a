// What each condition is called, and what to do about it, in the words of the catalogue.
import { errorTable, type ErrorCode } from "../../lib/errors.js";
import type { Words } from "../adapter/runtime/words.js";
import type { Alert, Condition } from "./alert-book.js";

interface Terms {
  readonly text: string;
  readonly unit: string;
  readonly advice: string;
}

function termsOf(condition: Condition, words: Words, source: string): Terms {
  switch (condition) {
    case "queue-stuck":
      return { text: words("text.queue", { source }), unit: words("unit.minutes"), advice: words("advice.queue") };
    case "peer-unreachable":
      return { text: words("text.peer", { source }), unit: words("unit.minutes"), advice: words("advice.peer") };
    case "dead-letters":
      return { text: words("text.dead", { source }), unit: words("unit.messages"), advice: words("advice.dead") };
    case "certificate-ends":
      return {
        text: words("text.certificate", { source }),
        unit: words("unit.days"),
        advice: words("advice.certificate"),
      };
    case "unconfirmed-deliveries":
      return {
        text: words("text.unconfirmed", { source }),
        unit: words("unit.minutes"),
        advice: words("advice.unconfirmed"),
      };
    case "no-response":
      return { text: words("text.response", { source }), unit: words("unit.hours"), advice: words("advice.response") };
    case "pruning-failed":
      return { text: words("text.pruning", { source }), unit: words("unit.minutes"), advice: words("advice.pruning") };
    case "store-unavailable":
      return { text: words("text.store", { source }), unit: words("unit.minutes"), advice: words("advice.store") };
    case "node-failed":
      return { text: words("text.node", { source }), unit: words("unit.minutes"), advice: words("advice.node") };
    case "upload-failed":
      return { text: words("text.upload", { source }), unit: words("unit.files"), advice: words("advice.upload") };
    case "no-upload":
      return { text: words("text.noUpload", { source }), unit: words("unit.days"), advice: words("advice.noUpload") };
    case "stranded-work":
      return {
        text: words("text.stranded", { source }),
        unit: words("unit.messages"),
        advice: words("advice.stranded"),
      };
    case "refused-peers":
      return { text: words("text.refused", { source }), unit: words("unit.anHour"), advice: words("advice.refused") };
    case "dropped-connections":
      return { text: words("text.dropped", { source }), unit: words("unit.anHour"), advice: words("advice.dropped") };
    case "contradicted":
      return {
        text: words("text.contradicted", { source }),
        unit: words("unit.anHour"),
        advice: words("advice.contradicted"),
      };
    case "clock-skew":
      return { text: words("text.clock", { source }), unit: words("unit.seconds"), advice: words("advice.clock") };
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

/** What the condition is, and what to do about it and about its code. */
export function alertTerms({ condition, source, state, code }: Alert, words: Words): Terms {
  const terms = termsOf(condition, words, source.label);
  if (state === "cleared") return { ...terms, advice: words("advice.cleared") };
  if (code === undefined || !isErrorCode(code)) return terms;
  return { ...terms, advice: `${terms.advice} ${errorTable[code].advice}` };
}
