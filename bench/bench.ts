/**
 * `npm run bench`: every figure of contract section 6 in one run, one section after the other.
 *
 * Clients are measured in processes of their own against a server in another. What counts are ratios between
 * clients that took turns: absolute rates say more about the machine and what else it does.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { backlog } from './backlog.js';
import { deliver } from './deliver.js';
import { FULL, QUICK, type Effort } from './effort.js';
import { encode } from './encode.js';
import { flow } from './flow.js';
import { latency } from './latency.js';
import { print, type Report } from './report.js';
import { submit } from './submit.js';

const SECTIONS: Readonly<Record<string, (effort: Effort) => Promise<Report>>> = {
  submit,
  deliver,
  latency,
  backlog,
  encode,
  flow,
};

const HELP = `Usage: npm run bench -- [options]

  --only SECTION      ${Object.keys(SECTIONS).join(', ')}; several with commas
  --quick             fewer and shorter rounds: a look, not a figure
  --rounds NUMBER     rounds of submit and deliver (default ${FULL.rounds})
  --backlog NUMBER    SMS in the queue at the start (default ${FULL.backlog})
  --json FILE         writes all figures there
`;

void main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      backlog: { type: 'string' },
      json: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const preset = values.quick ? QUICK : FULL;
  const effort: Effort = {
    ...preset,
    rounds: numberOr(values.rounds, preset.rounds),
    backlog: numberOr(values.backlog, preset.backlog),
  };
  const machine = `${os.cpus()[0]?.model ?? 'unknown'}, ${os.cpus().length} cores, Node ${process.version}`;
  console.log(`${machine}; load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
  const reports: Record<string, unknown> = {};
  for (const name of values.only.split(',')) {
    const section = SECTIONS[name];
    if (section === undefined) throw new Error(`There is no section ${name}. Try: npm run bench -- --help`);
    const report = await section(effort);
    print(report);
    reports[name] = report.data;
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, effort, sections: reports }, undefined, 2)}\n`);
  }
}

function numberOr(value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new Error(`"${value}" is not a number from 1 to 9999999`);
  return Number(value);
}
