// Lets answers pass, or keeps them back until they are released in the order a test wants.

type Send = () => Promise<void>;

export interface AnswerGate {
  readonly held: number;
  /** Sends now, or keeps back. Resolves when it was sent or kept back. */
  pass(send: Send): Promise<void>;
  hold(): void;
  /** Gives the answers kept back, in this order, and holds no more. */
  release(order: "in-order" | "reverse"): readonly Send[];
  /** Forgets the answers kept back, and holds no more. */
  drop(): void;
}

/** `maximumHeld`: beyond it the oldest is forgotten, as if it were lost on its way. */
export function createAnswerGate(maximumHeld: number): AnswerGate {
  let isHolding = false;
  let held: Send[] = [];
  return {
    get held() {
      return held.length;
    },
    pass: async (send) => {
      if (!isHolding) {
        await send();
        return;
      }
      held.push(send);
      if (held.length > maximumHeld) held.shift();
    },
    hold: () => {
      isHolding = true;
    },
    release: (order) => {
      const released = order === "reverse" ? held.reverse() : held;
      held = [];
      isHolding = false;
      return released;
    },
    drop: () => {
      held = [];
      isHolding = false;
    },
  };
}
