// A timer that can be cancelled, and that tests replace by one of their own.

/** Calls back once after the delay, and returns what cancels that. */
export type AfterDelay = (milliseconds: number, callback: () => void) => () => void;

export const afterDelay: AfterDelay = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
