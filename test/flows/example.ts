/** The packaged examples as a test reads, starts and clicks them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'node-red';
import { nodeOf, startFlows, type FlowNode } from '../support/node-red-flows.js';

const FOLDER = join(__dirname, '..', '..', 'examples');

/** Those that need nothing but Node-RED and this package. */
export const NAMES = jsonFilesIn(FOLDER);
/** Those that need FlowFuse Dashboard 2 besides, in a folder of their own. */
export const DASHBOARD_NAMES = jsonFilesIn(join(FOLDER, 'dashboard')).map((name) => join('dashboard', name));

export function readExample(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as FlowNode[];
}

/**
 * Starts the example that begins with this number.
 *
 * @param patch changes a node, such as one with a wait in it
 */
export async function start(
  number: number,
  patch: (node: FlowNode) => FlowNode = (node) => node,
): Promise<FlowNode[]> {
  const name = NAMES.find((candidate) => candidate.startsWith(`${number} `)) ?? '';
  const flow = readExample(name).map(patch);
  await startFlows(flow);
  return flow;
}

/** The running node of this type and name. */
export function namedNode(flow: readonly FlowNode[], type: string, name: string): Node {
  const node = flow.find((candidate) => candidate.type === type && candidate.name === name);
  assert.ok(node, `${type} ${name}`);
  return nodeOf(node.id);
}

/** Clicks an inject node; resolves with the msg that then comes to the debug node. */
export async function click(
  flow: readonly FlowNode[],
  inject: string,
  debug: string,
): Promise<Record<string, unknown>> {
  const arrived = once(namedNode(flow, 'debug', debug), 'input');
  namedNode(flow, 'inject', inject).receive({});
  const [msg] = (await arrived) as [Record<string, unknown>];
  return msg;
}

function jsonFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
}
