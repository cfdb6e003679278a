// Compares the path of an address with the pattern of the contract: Spine has a path for each.
import { selectPattern, type MessagingContract, type MessagingPattern } from "./contract.js";

const patternsOfPaths: readonly (readonly [string, MessagingPattern])[] = [
  ["/reliablemessaging/queryrequest", "express"],
  ["/reliablemessaging/reliablerequest", "reliable"],
  ["/reliablemessaging/forwardreliable", "forward-reliable"],
  ["/reliablemessaging/intermediary", "forward-reliable"],
  ["/sync-service", "sync-soap"],
  ["/syncservice", "sync-soap"],
];

/** Undefined for a contract that no pattern has: whoever sends by it hears of that. */
function patternOf(contract: MessagingContract): MessagingPattern | undefined {
  try {
    return selectPattern(contract);
  } catch {
    return undefined;
  }
}

/**
 * Gives the pattern that Spine's path stands for when the contract says another; undefined when they agree, when the
 * path is none of Spine's, or when the contract has no pattern. It is a reason to warn: the contract decides.
 */
export function contradictingPath(contract: MessagingContract): MessagingPattern | undefined {
  const ofContract = patternOf(contract);
  if (ofContract === undefined || !URL.canParse(contract.endpointUrl)) return undefined;
  const path = new URL(contract.endpointUrl).pathname.toLowerCase();
  const ofPath = patternsOfPaths.find(([start]) => path.startsWith(start))?.[1];
  return ofPath === ofContract ? undefined : ofPath;
}
