/**
 * Which flows hear of the status of a connection node: each that has a user of it, once.
 *
 * Node-RED tells a configuration node's status to the flow of each entry of its `users`, in which Status nodes are:
 * with the users themselves a Status node would hear the same once for each of them.
 * Source: Node-RED's runtime, `flows/Flow.js` and `flows/Subflow.js` (`handleStatus`).
 */
import type { Node } from 'node-red';

/** A flow of the runtime, as far as it matters here. */
interface Flow {
  /** Of a subflow: the flow in which its node is. */
  readonly parent?: Flow;
  readonly subflowDef?: object;
  readonly statusNodes?: readonly { readonly scope?: unknown }[];
  /** Of a subflow that has an output for its status. */
  readonly statusNode?: object;
}

/** A plain object by id, since Node-RED walks it as one; an entry stands for the connection node in a flow. */
export type Reach = Record<string, { readonly id: string; readonly _flow: Flow }>;

/** @param id of the connection node: what is asked by Status nodes that name the nodes whose status they want */
export function reachOf(id: string, users: readonly Node[]): Reach {
  const flows = new Set(users.flatMap((user) => hearingFlowOf(user)));
  return Object.fromEntries([...flows].map((flow, index) => [index, { id, _flow: flow }]));
}

/** A subflow hands on what none of its Status nodes wants to the flow that it is in. */
function hearingFlowOf(user: Node & { readonly _flow?: Flow }): readonly Flow[] {
  let flow: Flow | undefined = user._flow;
  while (
    flow?.subflowDef !== undefined &&
    flow.statusNode === undefined &&
    !flow.statusNodes?.some(wantsAll)
  ) {
    flow = flow.parent;
  }
  return flow === undefined ? [] : [flow];
}

/** Another one names nodes, or wants those of its group: a configuration node is in none. */
function wantsAll({ scope }: { readonly scope?: unknown }): boolean {
  return scope === null || scope === undefined;
}
