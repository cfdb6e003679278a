// What is to be done about one request: its end, its answers, and when.
import type { AnswerMessage } from "./answer-sender.js";
import type { AnswerConduct } from "../behaviour.js";
import type { RequestEnd } from "./message-listener.js";

/** Who says what to whom in a request. */
export interface RequestFacts {
  readonly action: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly partyKey: string;
}

export interface AnswerInReply {
  readonly conduct: AnswerConduct;
  /** Writes the answer; call it when it is due, so that it tells what is known then. */
  encode(): RequestEnd;
}

/** What is to be done about one request. */
export interface Course {
  /** What could be read of the request; of one that is taken, all of it. */
  readonly about: Partial<RequestFacts>;
  readonly end: RequestEnd;
  /** The answer travels in the reply: then this gives the end when the answer is due. */
  readonly answerInReply?: AnswerInReply;
  readonly replyDelayMilliseconds: number;
  readonly answersBeforeReply: boolean;
  readonly answers: readonly AnswerConduct[];
  /** Writes an answer; call it when the answer is due, so that it tells what is known then. */
  encode(answer: AnswerConduct): AnswerMessage;
}

/** The end of a request that has no answers beside its reply. */
export function lastCourse(end: RequestEnd, about: Partial<RequestFacts>): Course {
  return {
    about,
    end,
    replyDelayMilliseconds: 0,
    answersBeforeReply: false,
    answers: [],
    encode: () => {
      throw new Error("this message has no answers");
    },
  };
}
