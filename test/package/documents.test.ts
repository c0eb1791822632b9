/**
 * README, `docs/` and the nodes' help: the tables against the data that they show, links that lead somewhere, and a
 * program that runs as it stands.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PUBLISHED_ERRORS, statusCode } from '../../lib/inmobile.js';
import { SCENARIOS, type Scenario } from '../../lib/simulator/scenario.js';
import { SUBSTITUTIONS, SUBSTITUTIONS_AFTER_DIGIT } from '../../lib/text/substitution.js';

const ROOT = path.resolve(__dirname, '..', '..');
const PAGES = ['README.md', ...namesIn('docs').filter((name) => name.endsWith('.md'))];
const HELP = namesIn('nodes').filter((name) => name.endsWith('.html'));
const README = read('README.md');

/** Only absolute addresses lead anywhere from npm's page, the flow library's and the editor. */
const PICTURES = 'https://raw.githubusercontent.com/node-red-smpp/inmobile/main/';
const FILES = 'https://github.com/node-red-smpp/inmobile/blob/main/';

/** A page with all of them is still quick on a phone. */
const PICTURE_OCTETS_MAX = 150_000;
/** What a person reads who wants to know what this is. */
const README_OCTETS_MAX = 14_000;

describe('The documents', () => {
  it('begin with a README that is read in one go', () => {
    assert.ok(Buffer.byteLength(README) <= README_OCTETS_MAX, `${Buffer.byteLength(README)} octets`);
  });

  it('show small pictures that the repository has', () => {
    const shown = [...README.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, address = '']) => address);
    const wrong = shown.filter((address) => {
      const file = path.join(ROOT, address.slice(PICTURES.length));
      return !address.startsWith(PICTURES) || statSync(file).size > PICTURE_OCTETS_MAX;
    });
    assert.ok(shown.length > 0);
    assert.deepEqual(wrong, []);
  });

  it('lead from one to the other, by addresses that are absolute where the page is read elsewhere', () => {
    const isReadElsewhere = (page: string): boolean => !page.startsWith('docs/');
    const wrong = [...PAGES, ...HELP].flatMap((page) =>
      linksOf(page)
        .map((address) => ({ page, address, target: targetOf(page, address) }))
        .filter(({ target }) => target !== undefined && !leadsSomewhere(target))
        .concat(
          linksOf(page)
            .filter((address) => isReadElsewhere(page) && !/^(https:|#)/.test(address))
            .map((address) => ({ page, address, target: undefined })),
        ),
    );
    assert.deepEqual(wrong, []);
  });

  it('show a program that sends an SMS to the simulator, as it stands there', async () => {
    const [, program = ''] = /```js\n(.*?)```/s.exec(read('docs/simulator.md')) ?? [];
    assert.match(await output(program), /outcome: 'accepted'[^]*text: 'Level is low'/);
  });

  it('list what becomes of every character that has a plain equivalent', () => {
    const expected = [
      ...SUBSTITUTIONS.map(({ from, to }) => ({ from: from.filter(isVisible), to })),
      ...SUBSTITUTIONS_AFTER_DIGIT.map(({ from, to }) => ({
        from: from.map((sign) => `1${sign}`),
        to: `1${to}`,
      })),
    ]
      .filter(({ from }) => from.length > 0)
      .map(({ from, to }) => `${from.join(' ')} → ${to}`);
    const text = read('docs/text.md');
    assert.deepEqual(
      expected.filter((entry) => !text.includes(entry)),
      [],
    );
  });

  it("list inMobile's status codes with the number that simulates each", () => {
    const expected = PUBLISHED_ERRORS.map((err) => {
      const { errorCode, errorText, errorClass } = statusCode(err);
      return `|\`${errorCode}\`|${errorText}|\`${errorClass}\`|${endingOf(err)}|`;
    });
    const rows = rowsOf('docs/codes.md');
    assert.deepEqual(
      expected.filter((row) => !rows.includes(row)),
      [],
    );
  });

  it('list every other scenario of the simulated gateway', () => {
    const expected = SCENARIOS.filter((scenario) => scenario.ending !== '' && errOf(scenario) === 0).map(
      ({ ending, says }) => `|\`${ending}\`|${says}|`,
    );
    const rows = rowsOf('docs/simulator.md');
    assert.deepEqual(
      expected.filter((row) => !rows.includes(row)),
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

function namesIn(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
    (name) => `${folder}/${name}`,
  );
}

function read(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

/** The rows of a page's tables, without the blanks that align them. */
function rowsOf(page: string): readonly string[] {
  return read(page)
    .split('\n')
    .map((line) => line.replace(/ *\| */g, '|'));
}

function linksOf(page: string): readonly string[] {
  return [...read(page).matchAll(/[^!]\[[^\]]+\]\(([^)\s]+)\)/g)].map(([, address = '']) => address);
}

interface Target {
  readonly file: string;
  readonly heading: string;
}

/** What an address in a page means in this repository; undefined when it is another site's. */
function targetOf(page: string, address: string): Target | undefined {
  const own = address.startsWith(FILES) ? `/${address.slice(FILES.length)}` : address;
  if (own.startsWith('https:')) return undefined;
  const [file = '', heading = ''] = own.split('#');
  if (file === '') return { file: page, heading };
  return {
    file: file.startsWith('/') ? file.slice(1) : path.posix.join(path.posix.dirname(page), file),
    heading,
  };
}

function leadsSomewhere({ file, heading }: Target): boolean {
  return existsSync(path.join(ROOT, file)) && (heading === '' || headingsOf(file).includes(heading));
}

/** As GitHub names them. */
function headingsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
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
