/** Every packaged example, as it is after an import. What they do is in `examples-run.test.ts`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowNode } from '../support/node-red-flows.js';
import { DASHBOARD_NAMES, NAMES, readExample } from './example.js';

const ALL = [...NAMES, ...DASHBOARD_NAMES];
const OURS = /^(smpp-|inmobile-)/;
const CORE = 'tab comment inject debug function switch change delay catch status csv join'.split(' ');
const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

/** A Catch node keeps an error out of the editor's sidebar: what comes after it must show it. */
const showsError = ({ type, complete, rules }: FlowNode): boolean =>
  (type === 'debug' && complete === 'error') ||
  (type === 'change' && JSON.stringify(rules).includes('error.message'));

describe('The examples', () => {
  for (const name of ALL) {
    describe(name, () => {
      const flow = readExample(name);

      it('has nothing but core nodes and our own, and what it names to the editor', () => {
        const others = flow
          .map(({ type }) => type)
          .filter((type) => !CORE.includes(type) && !OURS.test(type));
        if (NAMES.includes(name)) assert.deepEqual(others, []);
        else
          assert.deepEqual(
            others.filter((type) => !/^(ui-|global-config$)/.test(type)),
            [],
          );
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

      it('shows the error of what it catches', () => {
        for (const { id, wires } of flow.filter(({ type }) => type === 'catch')) {
          const next = flow.filter((node) => (wires as string[][]).flat().includes(node.id));
          assert.ok(next.some(showsError), id);
        }
      });

      it('stands in the README with a line on what it shows', () => {
        const title = name.replace(/^dashboard\/|\.json$/g, '');
        assert.ok(new RegExp(`^\\| ${title} +\\| \\S.{20,}`, 'm').test(README), title);
      });

      it('has ids of its own', () => {
        const others = ALL.filter((other) => other !== name).flatMap(readExample);
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
