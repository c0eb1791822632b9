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
  const read = readArguments();
  if (read === undefined) return;
  const { values, effort, sections } = read;
  const machine = `${os.cpus()[0]?.model ?? 'unknown'}, ${os.cpus().length} cores, Node ${process.version}`;
  const show = values.json === '-' ? console.error : console.log;
  show(`${machine}; load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
  const reports: Record<string, unknown> = {};
  for (const [name, section] of sections) {
    const report = await section(effort);
    show(asTable(report));
    reports[name] = report.data;
  }
  const json = `${JSON.stringify({ machine, effort, sections: reports }, undefined, 2)}\n`;
  if (values.json === '-') process.stdout.write(json);
  else if (values.json !== undefined) writeFileSync(values.json, json);
}

/** What is to be measured, or undefined once help was shown or the options were found wrong and that was said. */
function readArguments() {
  try {
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
    const sections = values.only.split(',').map((name) => [name, sectionOf(name)] as const);
    if (!values.help) return { values, effort: effortOf(values), sections };
    console.log(HELP);
  } catch (error) {
    console.error(`${(error as Error).message}\nTry: npm run bench -- --help`);
    process.exitCode = 1;
  }
  return undefined;
}

function sectionOf(name: string): (effort: Effort) => Promise<Report> {
  const section = SECTIONS[name];
  if (section === undefined) throw new Error(`There is no section ${name}.`);
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
