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
import { idle } from './idle.js';
import { latency } from './latency.js';
import { asTable, type Report } from './report.js';
import { soak } from './soak.js';
import { submit } from './submit.js';

const SECTIONS: Readonly<Record<string, (effort: Effort) => Promise<Report>>> = {
  submit,
  deliver,
  latency,
  backlog,
  encode,
  flow,
  idle,
  soak,
};

/** A soak takes minutes: it is asked for. */
const USUAL = Object.keys(SECTIONS).filter((name) => name !== 'soak');

const HELP = `Usage: npm run bench -- [options]

  --only SECTION      ${Object.keys(SECTIONS).join(', ')}; several with commas
  --quick             fewer and shorter rounds: a look, not a figure
  --rounds NUMBER     rounds of submit and deliver (default ${FULL.rounds})
  --backlog NUMBERS   SMS in the queue at the start, with commas (default ${FULL.backlogs.join(',')})
  --soak NUMBER       SMS with result and receipt of the section soak, which is run only when it is named
                      (default ${FULL.soak})
  --json FILE         writes all figures there; to stdout when FILE is -, and the tables to stderr
`;

void main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', default: USUAL.join(',') },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      backlog: { type: 'string' },
      soak: { type: 'string' },
      json: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const effort = effortOf(values);
  const machine = `${os.cpus()[0]?.model ?? 'unknown'}, ${os.cpus().length} cores, Node ${process.version}`;
  const show = values.json === '-' ? console.error : console.log;
  show(`${machine}; load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
  const reports: Record<string, unknown> = {};
  for (const name of values.only.split(',')) {
    const report = await sectionOf(name)(effort);
    show(asTable(report));
    reports[name] = report.data;
  }
  const json = `${JSON.stringify({ machine, effort, sections: reports }, undefined, 2)}\n`;
  if (values.json === '-') process.stdout.write(json);
  else if (values.json !== undefined) writeFileSync(values.json, json);
}

function sectionOf(name: string): (effort: Effort) => Promise<Report> {
  const section = SECTIONS[name];
  if (section === undefined) throw new Error(`There is no section ${name}. Try: npm run bench -- --help`);
  return section;
}

interface Asked {
  readonly quick: boolean;
  readonly rounds?: string;
  readonly backlog?: string;
  readonly soak?: string;
}

function effortOf({ quick, rounds, backlog: backlogs, soak: count }: Asked): Effort {
  const preset = quick ? QUICK : FULL;
  return {
    ...preset,
    rounds: rounds === undefined ? preset.rounds : numberOf(rounds),
    backlogs: backlogs?.split(',').map(numberOf) ?? preset.backlogs,
    soak: count === undefined ? preset.soak : numberOf(count),
  };
}

function numberOf(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new Error(`"${value}" is not a number from 1 to 9999999`);
  return Number(value);
}
