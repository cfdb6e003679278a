// Every fault that the simulator knows, each by a small rate, in both directions.
import type { Fault, FaultInjection, SpineSimulator, TransmissionFault } from "../../../lib/simulator/index.js";

/** More bytes than a head and fewer than a message: the connection is cut in the middle of the body. */
const inMidBody = 1500;
const inMidReply = 300;

const transmission: readonly TransmissionFault[] = [
  { kind: "delayMessage", milliseconds: 20 },
  { kind: "duplicateMessage" },
  { kind: "reorderMessage", milliseconds: 50 },
  { kind: "resetInRequest", afterBytes: inMidBody },
  { kind: "resetInReply", afterBytes: inMidReply },
  { kind: "lostAcknowledgment" },
  { kind: "slowReader", bytesPerSecond: 100_000 },
];

const conduct: readonly Fault[] = [
  { kind: "httpError", status: 500 },
  { kind: "httpError", status: 503 },
  { kind: "soapFault", code: "206" },
  { kind: "ebxmlError", code: "DeliveryFailure" },
  { kind: "resetConnection" },
  { kind: "wrongAckReference" },
  { kind: "emptyReplyForReliable" },
  { kind: "delayReply", milliseconds: 20 },
  { kind: "dropAnswer" },
  { kind: "duplicateAnswer" },
  { kind: "answerBeforeReply" },
];

/** These cost the sender its whole time-out. */
const costly: readonly FaultInjection[] = [
  { fault: { kind: "dropMessage" }, rate: 0.005 },
  { fault: { kind: "dropReply" }, rate: 0.005 },
  { direction: "sent", fault: { kind: "dropMessage" }, rate: 0.02 },
];

export function injectAllFaults(simulator: SpineSimulator): void {
  for (const fault of transmission) {
    simulator.inject({ fault, rate: 0.02 });
    simulator.inject({ direction: "sent", fault, rate: 0.02 });
  }
  for (const fault of conduct) simulator.inject({ fault, rate: 0.02 });
  for (const injection of costly) simulator.inject(injection);
}

/** The peer says that it will never take this message: it must end as a dead letter, without any effect. */
export function refuseForGood(simulator: SpineSimulator, messageId: string, how: "fault" | "error-list"): void {
  const fault: Fault =
    how === "fault" ? { kind: "soapFault", code: "300" } : { kind: "ebxmlError", code: "ValueNotRecognized" };
  simulator.inject({ match: { messageId }, fault });
}
