// The ways in which a simulated Spine mini service can be told to behave.

/** What it does with every question, from the next one on. */
export type SmspConduct =
  | { readonly kind: "normal" }
  /** Takes the question, and never answers. */
  | { readonly kind: "silence" }
  /** Takes the question, and cuts the connection: at once, or after so many bytes of the reply. */
  | { readonly kind: "reset"; readonly afterBytes?: number }
  /** A status without a body. */
  | { readonly kind: "http-status"; readonly status: number }
  | { readonly kind: "fault"; readonly faultCode: "Client" | "Server" }
  /** A page of somebody else, with status 200. */
  | { readonly kind: "not-soap" }
  /** The reply says that it answers another message. */
  | { readonly kind: "unrelated" }
  /** The reply has this status, known or not, and nothing else. */
  | { readonly kind: "status"; readonly code: string };
