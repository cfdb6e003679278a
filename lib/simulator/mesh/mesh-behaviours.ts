// The switches of the simulated MESH where the real service is lenient, undecided or not public.

export interface MeshBehaviours {
  /** Also GET is a handshake. Default false. */
  readonly acceptsHandshakeByGet: boolean;
  /** The answer to a Content-Encoding other than gzip. Default 417. */
  readonly unknownEncodingStatus: 417 | 422;
  /** The answer to a fetch after the acknowledgement. 200 gives the message once more. Default 404. */
  readonly acknowledgedFetchStatus: 404 | 410 | 200;
  /** Whether files that came uncompressed go compressed to those who accept gzip. Default "never". */
  readonly compression: "never" | "always";
  /** What stands in the mex-To of a report: who did not get the file, or who gets the report. Default "recipient". */
  readonly reportTo: "recipient" | "sender";
  /** How JSON answers of version 2 are labelled: by version, or as plain JSON. Default "versioned". */
  readonly jsonContentType: "versioned" | "plain";
  /** How the names of answer headers are spelled. Default "specified". */
  readonly headerCase: "specified" | "lower" | "upper" | "mixed";
}

export const defaultMeshBehaviours: MeshBehaviours = {
  acceptsHandshakeByGet: false,
  unknownEncodingStatus: 417,
  acknowledgedFetchStatus: 404,
  compression: "never",
  reportTo: "recipient",
  jsonContentType: "versioned",
  headerCase: "specified",
};

function mixedCase(name: string): string {
  return Array.from(name, (letter, index) => (index % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase())).join("");
}

/** The header's name as the behaviour wants it spelled. */
export function spellHeader(name: string, headerCase: MeshBehaviours["headerCase"]): string {
  switch (headerCase) {
    case "specified":
      return name;
    case "lower":
      return name.toLowerCase();
    case "upper":
      return name.toUpperCase();
    case "mixed":
      return mixedCase(name);
  }
}
