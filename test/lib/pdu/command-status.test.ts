import assert from 'node:assert/strict';

import { errors } from 'smpp';

import { STATUS, commandStatus, type StatusClass } from '../../../lib/pdu/command-status.js';

/** The class of each status that contract section 4 names; it calls the others `rejected`. */
const CLASSES: Readonly<Record<number, StatusClass>> = {
  0x00: 'ok',
  0x04: 'unbound',
  0x08: 'transient',
  0x0e: 'credentials',
  0x0f: 'credentials',
  0x14: 'queueFull',
  0x45: 'submitFailed',
  0x58: 'throttled',
  0x64: 'transient',
};

/** SMPP 5.0 renamed these; the npm package has the new names (SMPP 3.4 §5.1.3, SMPP 5.0 §4.7.6). */
const RENAMED: Readonly<Record<string, string>> = {
  ESME_RINVTLVSTREAM: 'ESME_RINVOPTPARSTREAM',
  ESME_RTLVNOTALLWD: 'ESME_ROPTPARNOTALLWD',
  ESME_RINVTLVLEN: 'ESME_RINVPARLEN',
  ESME_RMISSINGTLV: 'ESME_RMISSINGOPTPARAM',
  ESME_RINVTLVVAL: 'ESME_RINVOPTPARAMVAL',
};

/** SMPP 3.4 ends at 0xFF; the npm package goes on with SMPP 5.0. */
const PACKAGE_STATUSES = Object.entries(errors).filter(([, number]) => number <= 0xff);

describe('commandStatus', () => {
  for (const [packageName, number] of PACKAGE_STATUSES) {
    const name = RENAMED[packageName] ?? packageName;
    const statusClass = CLASSES[number] ?? 'permanent';

    it(`knows 0x${number.toString(16).padStart(2, '0')} as ${name}, class ${statusClass}`, () => {
      const status = commandStatus(number);
      assert.deepEqual([status.number, status.name, status.class], [number, name, statusClass]);
    });
  }

  it('knows all of SMPP 3.4', () => {
    assert.deepEqual(
      Object.values(STATUS).sort((a, b) => a - b),
      PACKAGE_STATUSES.map(([, number]) => number).sort((a, b) => a - b),
    );
  });

  it('has a sentence of its own for each', () => {
    const sentences = new Set(Object.values(STATUS).map((number) => commandStatus(number).sentence));
    assert.equal(sentences.size, Object.keys(STATUS).length);
  });

  it('says in each sentence what it means, from its capital to its full stop', () => {
    const odd = Object.values(STATUS)
      .map((number) => commandStatus(number).sentence)
      .filter((sentence) => !/^[A-Z].*\.$/.test(sentence));
    assert.deepEqual(odd, []);
  });

  it('has what inMobile says of its own restarts from inMobile', () => {
    const fromInMobile = Object.values(STATUS).filter(
      (number) => commandStatus(number).source === 'inMobile',
    );
    assert.deepEqual(fromInMobile, [errors.ESME_RBINDFAIL, errors.ESME_RSUBMITFAIL]);
  });

  for (const number of [0x09, 0x400, 0x4ff, 0x104, 0xffffffff]) {
    it(`passes the unlisted 0x${number.toString(16)} through as transient`, () => {
      const { number: kept, name, class: statusClass } = commandStatus(number);
      const hex = `0x${number.toString(16).padStart(8, '0')}`;
      assert.deepEqual([kept, name, statusClass], [number, hex, 'transient']);
    });
  }
});

describe('STATUS', () => {
  it('has the numbers by name', () => {
    assert.deepEqual([STATUS.ESME_ROK, STATUS.ESME_RINVCMDID, STATUS.ESME_RUNKNOWNERR], [0, 3, 0xff]);
  });
});
