// What the nodes of this package show: who is red, and since when is for the reader of conditions to say.
import type { NodeAPI, NodeDef, NodeStatus } from "node-red";

export interface NodeInSight {
  readonly id: string;
  /** The name that people gave it, or its kind; with its id where that is not enough to tell it from another. */
  readonly label: string;
  /** Set while its status says that somebody must act. */
  readonly trouble?: { readonly code?: string };
  /** Of a node that uploads: the node of its transport. */
  readonly uploadsOver?: string;
}

const kinds: ReadonlySet<string> = new Set([
  "cp-is query",
  "cp-is upload",
  "cp-is notification",
  "cp-is confirm",
  "spine simulator",
]);

function textOf(node: object, property: string): string {
  const value: unknown = Reflect.get(node, property);
  return typeof value === "string" ? value : "";
}

function transportOf(node: object): string {
  return textOf(node, "over") === "ebxml" ? textOf(node, "ebxmlTransport") : textOf(node, "meshTransport");
}

/** The code within the words of a status. */
function codeIn(text: unknown): string | undefined {
  return typeof text === "string"
    ? /\b(?:CPIS|EBXML|MESH|SDS|SOAP|SMSP|STORE|TLS|XML|CONFIG)_[A-Z_]+\b/.exec(text)?.[0]
    : undefined;
}

type Troubles = Map<string, { readonly code?: string }>;

/** By the runtime's events, which are followed once however often the node type is registered. */
const followed = new WeakMap<object, Troubles>();

function follow({ events }: NodeAPI): Troubles {
  const known = followed.get(events);
  if (known !== undefined) return known;
  const troubles: Troubles = new Map();
  followed.set(events, troubles);
  // A node that is stopped has no status any more, and the runtime says so by leaving it out.
  events.on("node-status", ({ id, status }: { readonly id: string; readonly status?: NodeStatus }) => {
    if (status?.fill !== "red") {
      troubles.delete(id);
      return;
    }
    const code = codeIn(status.text);
    troubles.set(id, code === undefined ? {} : { code });
  });
  return troubles;
}

/** Follows the statuses from the start of the package, since a node may be red before an alert node is there. */
export function watchNodeStates(RED: NodeAPI): () => readonly NodeInSight[] {
  const troubles = follow(RED);

  return () => {
    const found: NodeDef[] = [];
    RED.nodes.eachNode((node) => {
      // A disabled one has no runtime, and nothing that could be wrong.
      const running: unknown = RED.nodes.getNode(node.id);
      if (kinds.has(node.type) && running !== null) found.push(node);
    });
    const labels = found.map(({ name, type }) => name || type);
    return found.map((node, index): NodeInSight => {
      const label = labels[index] ?? node.id;
      const isAlone = labels.filter((each) => each === label).length === 1;
      const trouble = troubles.get(node.id);
      return {
        id: node.id,
        label: isAlone ? label : `${label} (${node.id})`,
        ...(trouble === undefined ? {} : { trouble }),
        ...(node.type === "cp-is upload" ? { uploadsOver: transportOf(node) } : {}),
      };
    });
  };
}
