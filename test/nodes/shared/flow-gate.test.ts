/** What a deploy of Node-RED's own runtime stops, as the gate tells it of a node in a subflow. */
import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import type { Node } from 'node-red';
import { flowGateOf } from '../../../nodes/shared/flow-gate.js';
import { deploy, nodeOf, startFlows, useNodeRed, type FlowNode } from '../../support/node-red-flows.js';
import { connection, ON_TAB, receiver, TAB } from '../flow.js';

interface Changes {
  readonly tab?: object;
  readonly subflow?: object;
  readonly instance?: object;
  readonly others?: readonly FlowNode[];
}

function flow({ tab, subflow, instance, others = [] }: Changes = {}): FlowNode[] {
  return [
    { ...TAB, ...tab },
    connection(),
    { id: 'subflow', type: 'subflow', name: '', in: [], out: [], ...subflow },
    receiver({ z: 'subflow', wires: [['after']] }),
    { id: 'after', z: 'subflow', x: 200, y: 100, type: 'comment', name: '', wires: [] },
    { id: 'instance', ...ON_TAB, type: 'subflow:subflow', wires: [], ...instance },
    ...others,
  ];
}

describe('the flow gate, of a node in a subflow', () => {
  useNodeRed();

  /** Whether the gate says that the node is cut off, and whether the deploy has closed it. */
  async function deployed(changed: Changes, type: 'flows' | 'nodes'): Promise<[boolean[], boolean]> {
    await startFlows(flow());
    const gate = flowGateOf(helper._events);
    const node = nodeOf('instance-receiver') as Node & { z: string };
    const said: boolean[] = [];
    let isClosed = false;
    node.on('close', () => (isClosed = true));
    const unwatch = gate.watch(() => {
      if (!gate.isOpen) said.push(gate.isCutOff(node));
    });
    await deploy(flow(changed), type);
    unwatch();
    return [said, isClosed];
  }

  const env = [{ name: 'NAME', type: 'str', value: 'value' }];
  const OTHER = { id: 'other', ...ON_TAB, type: 'comment', name: '', wires: [] };
  const deploys: [name: string, changed: Changes, type: 'flows' | 'nodes', isStopped: boolean][] = [
    ['the subflow', { subflow: { name: 'changed' } }, 'nodes', true],
    ['the node of the subflow', { instance: { env } }, 'nodes', true],
    ['the tab', { tab: { env } }, 'flows', true],
    ['another node of the tab', { others: [OTHER] }, 'nodes', false],
    ['another node of the tab, with the flow', { others: [OTHER] }, 'flows', false],
  ];
  for (const [name, changed, type, isStopped] of deploys) {
    it(`${isStopped ? 'is shut' : 'is not shut'} by a deploy that changes ${name}`, async () => {
      assert.deepEqual(await deployed(changed, type), [[isStopped], isStopped]);
    });
  }
});
