/**
 * The README's tables against the data that they show: the forms' help sends people there.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PUBLISHED_ERRORS, statusCode } from '../../lib/inmobile.js';
import { SCENARIOS, type Scenario } from '../../lib/simulator/scenario.js';
import { SUBSTITUTIONS, SUBSTITUTIONS_AFTER_DIGIT } from '../../lib/text/substitution.js';

const ROOT = path.resolve(__dirname, '..', '..');
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
/** Rows of its tables, without the blanks that align them. */
const ROWS = README.split('\n').map((line) => line.replace(/ *\| */g, '|'));

/** Only absolute addresses lead anywhere from npm's page and the flow library's. */
const PICTURES = 'https://raw.githubusercontent.com/node-red-smpp/inmobile/main/';

/** A page with all of them is still quick on a phone. */
const PICTURE_OCTETS_MAX = 150_000;

describe('The README', () => {
  it('shows small pictures that the repository has', () => {
    const shown = [...README.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, address = '']) => address);
    const wrong = shown.filter((address) => {
      const file = path.join(ROOT, address.slice(PICTURES.length));
      return !address.startsWith(PICTURES) || statSync(file).size > PICTURE_OCTETS_MAX;
    });
    assert.ok(shown.length > 0);
    assert.deepEqual(wrong, []);
  });

  it('shows a program that sends an SMS to the simulator, as it stands there', async () => {
    const program = [...README.matchAll(/```js\n(.*?)```/gs)]
      .map(([, code = '']) => code)
      .find((code) => code.includes('startSimulator'));
    assert.match(await output(program ?? ''), /outcome: 'accepted'[^]*text: 'Level is low'/);
  });

  it('lists what becomes of every character that has a plain equivalent', () => {
    const expected = [
      ...SUBSTITUTIONS.map(({ from, to }) => ({ from: from.filter(isVisible), to })),
      ...SUBSTITUTIONS_AFTER_DIGIT.map(({ from, to }) => ({
        from: from.map((sign) => `1${sign}`),
        to: `1${to}`,
      })),
    ]
      .filter(({ from }) => from.length > 0)
      .map(({ from, to }) => `${from.join(' ')} → ${to}`);
    assert.deepEqual(missing(expected), []);
  });

  it("lists inMobile's status codes with the number that simulates each", () => {
    const expected = PUBLISHED_ERRORS.map((err) => {
      const { errorCode, errorText, errorClass } = statusCode(err);
      return `|\`${errorCode}\`|${errorText}|\`${errorClass}\`|${endingOf(err)}|`;
    });
    assert.deepEqual(
      expected.filter((row) => !ROWS.includes(row)),
      [],
    );
  });

  it('lists every other scenario of the simulated gateway', () => {
    const expected = SCENARIOS.filter((scenario) => scenario.ending !== '' && errOf(scenario) === 0).map(
      ({ ending, says }) => `|\`${ending}\`|${says}|`,
    );
    assert.deepEqual(
      expected.filter((row) => !ROWS.includes(row)),
      [],
    );
  });
});

/** What a module prints that stands in the checkout, where the built package is found by its name. */
async function output(code: string): Promise<string> {
  const cache = path.join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'readme-'));
  const file = path.join(folder, 'try.mjs');
  writeFileSync(file, code);
  try {
    return (await promisify(execFile)(process.execPath, [file])).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function missing(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => !README.includes(text));
}

/** Blanks and what nobody sees have a sentence instead. */
function isVisible(sign: string): boolean {
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(sign);
}

function errOf({ receipts }: Scenario): number {
  return receipts.at(-1)?.err ?? 0;
}

function endingOf(err: number): string {
  const scenario = SCENARIOS.find((candidate) => errOf(candidate) === err && candidate.ending !== '');
  return err === 0 || scenario === undefined ? '' : `\`${scenario.ending}\``;
}
