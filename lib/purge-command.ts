#!/usr/bin/env node
/**
 * The package's command, for a Node-RED that is stopped: `inmobile-smpp purge <folder>` erases what a connection
 * has stored. Without `--yes` it only says what that would be. It says numbers and kinds, never what is in them.
 */
import { parseArgs } from 'node:util';
import { DEFAULT_BOUNDS } from './bounds.js';
import { systemClock } from './clock.js';
import { asSmppError } from './errors.js';
import { systemFiles } from './storage/journal/file-system.js';
import { systemProcesses } from './storage/journal/owner.js';
import { purgeJournal, requireJournal } from './storage/journal/purge.js';
import { journalStorage } from './storage/journal-storage.js';
import type { Table } from './storage/storage.js';

const HELP = `Usage: inmobile-smpp purge <folder> [--yes]

Erases what a connection has stored: SMS that wait, results, receipts, incoming SMS, and what receipts are matched
by. <folder> is the connection's own, "inmobile-smpp/<id of the node>" in Node-RED's user directory, or the one
named in its form. Stop Node-RED first. Without --yes it only says what would be erased.`;

/** In the words of whoever reads them; the rest of the tables belong to these. */
const KINDS: Partial<Record<Table, string>> = {
  outbox: 'SMS that wait to be sent',
  result: 'results that no flow has taken',
  event: 'receipts and incoming SMS that no flow has taken',
  part: 'parts of incoming SMS',
  tracked: 'records of accepted SMS, for their receipts',
  dedupe: 'dedupe keys',
  seen: 'digests of deliver_sm',
  unknown: 'SMS of unknown outcome, and ids of receipts that belong to no SMS',
  account: 'connection modes that the account was bound in',
};

void main();

async function main(): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { yes: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
    });
    const [command, directory, ...others] = positionals;
    if (values.help === true) console.log(HELP);
    else if (command === 'purge' && directory !== undefined && others.length === 0)
      await purge(directory, values.yes);
    else {
      console.error(HELP);
      process.exitCode = 1;
    }
  } catch (error) {
    console.error(asSmppError(error, 'SMPP_OPTIONS').message);
    process.exitCode = 1;
  }
}

async function purge(named: string, isConfirmed: boolean): Promise<void> {
  const directory = await requireJournal({ directory: named, files: systemFiles });
  const journal = {
    directory,
    clock: systemClock,
    files: systemFiles,
    processes: systemProcesses,
    bounds: DEFAULT_BOUNDS,
  };
  const storage = journalStorage({ ...journal, onWarning: (line) => console.error(line) });
  await storage.open();
  const found = Object.entries(KINDS).map(([table, kind]) => [storage.count(table as Table), kind] as const);
  await storage.close();
  for (const [count, kind] of found) if (count > 0) console.log(`${String(count).padStart(9)} ${kind}`);
  if (!isConfirmed) {
    console.log(`Nothing was erased. To erase all of it for good: inmobile-smpp purge "${directory}" --yes`);
    return;
  }
  await purgeJournal(journal);
  console.log(`Everything in "${directory}" was erased.`);
}
