/**
 * Every packaged example, as it is after an import: loaded into Node-RED, and run on the simulator that it
 * comes with.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeOf, startFlows, useNodeRed, type FlowNode } from '../support/node-red-flows.js';

const FOLDER = join(__dirname, '..', '..', 'examples');
const NAMES = readdirSync(FOLDER).sort();
const OURS = /^(smpp-|inmobile-)/;
const CORE = ['tab', 'comment', 'inject', 'debug', 'switch', 'change', 'delay', 'catch'];

function readExample(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as FlowNode[];
}

/** Starts the example that begins with this number. */
async function start(number: number): Promise<FlowNode[]> {
  const name = NAMES.find((candidate) => candidate.startsWith(`${number} `)) ?? '';
  const flow = readExample(name);
  await startFlows(flow);
  return flow;
}

function idOf(flow: readonly FlowNode[], type: string, name: string): string {
  const node = flow.find((candidate) => candidate.type === type && candidate.name === name);
  assert.ok(node, `${type} ${name}`);
  return node.id;
}

/** Clicks an inject node; resolves with the msg that then comes to the debug node. */
async function click(
  flow: readonly FlowNode[],
  inject: string,
  debug: string,
): Promise<Record<string, unknown>> {
  const arrived = once(nodeOf(idOf(flow, 'debug', debug)), 'input');
  nodeOf(idOf(flow, 'inject', inject)).receive({});
  const [msg] = (await arrived) as [Record<string, unknown>];
  return msg;
}

const payload = (msg: Record<string, unknown>): Record<string, unknown> =>
  msg.payload as Record<string, unknown>;

describe('The examples', () => {
  for (const name of NAMES) {
    describe(name, () => {
      const flow = readExample(name);

      it('has nothing but core nodes and our own', () => {
        for (const { type } of flow) assert.ok(CORE.includes(type) || OURS.test(type), type);
      });

      it('has a comment that explains it', () => {
        assert.ok(
          flow.some(({ type, info }) => type === 'comment' && typeof info === 'string' && info.length > 50),
        );
      });

      it('runs on the simulator, without an account', () => {
        const connections = flow.filter(({ type }) => type === 'inmobile-connection');
        assert.deepEqual(
          connections.map(({ gateway }) => gateway),
          ['simulator'],
        );
      });

      it('wires only nodes that it has', () => {
        const ids = new Set(flow.map(({ id }) => id));
        const wired = flow.flatMap(({ wires }) => (wires as string[][] | undefined) ?? []).flat();
        for (const id of wired) assert.ok(ids.has(id), id);
      });

      it('has ids of its own', () => {
        const others = NAMES.filter((other) => other !== name).flatMap(readExample);
        const taken = new Set(others.map(({ id }) => id));
        assert.deepEqual(
          flow.filter(({ id }) => taken.has(id)),
          [],
        );
      });
    });
  }

  it('show every flow node of ours', () => {
    const types = new Set(NAMES.flatMap(readExample).map(({ type }) => type));
    for (const type of ['smpp-send', 'smpp-receive', 'smpp-dlr']) assert.ok(types.has(type), type);
  });
});

describe('Example', () => {
  useNodeRed();

  it('1 sends an SMS that is accepted', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'delivered', 'accepted')).outcome, 'accepted');
  });

  it('1 shows the receipt', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'undeliverable', 'receipt')).delivered, false);
  });

  it('1 shows the answer of the recipient', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'the recipient answers', 'incoming SMS')).text, 'OK');
  });

  it('1 shows an SMS that the gateway refuses', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'refused', 'not accepted')).outcome, 'rejected');
  });

  it('1 shows the error of a msg that is no SMS', async () => {
    const flow = await start(1);
    const { error } = await click(flow, 'not a number', 'error');
    assert.equal((error as { code: string }).code, 'SMPP_MESSAGE');
  });

  it('2 sends an alarm in one segment', async () => {
    const flow = await start(2);
    const result = payload(await click(flow, '31.5 °C', 'accepted'));
    assert.deepEqual([result.segments, result.encoding, result.from], [1, 'gsm7', 'Coldstore']);
  });

  it('3 thanks for the answer to its question', async () => {
    const flow = await start(3);
    assert.equal(payload(await click(flow, 'ask', 'thanked')).correlation, 'thanks');
  });

  it('3 does not thank for the answer to its thanks', async () => {
    const flow = await start(3);
    const { inReplyTo } = payload(await click(flow, 'ask', 'any other SMS'));
    assert.equal((inReplyTo as { correlation: string }).correlation, 'thanks');
  });

  it('4 has the order in the receipt of its SMS', async () => {
    const flow = await start(4);
    assert.equal((await click(flow, 'arrives', 'delivered')).order, 'A-1001');
  });

  it('4 tells the shop when an SMS does not arrive', async () => {
    const flow = await start(4);
    const msg = await click(flow, 'does not arrive', 'the shop knows');
    assert.deepEqual([msg.order, payload(msg).to], ['A-1002', '4587654321']);
  });
});
