import assert from 'node:assert/strict';
import { receiptFields } from '../../../lib/simulator/receipt.js';
import type { PlannedReceipt } from '../../../lib/simulator/scenario.js';

const FACTS = {
  messageId: 'ble50673-f8b8-41e8-a143-07a43bb8c86b',
  submittedAt: Date.UTC(2019, 10, 12, 12, 14, 15),
  doneAt: Date.UTC(2019, 10, 12, 12, 14, 59),
  text: 'Pumpe nr. 3 står stille igen',
};
const SMS = { from: 'Pump', to: '4512345678' };
const DELIVERED: PlannedReceipt = { state: 'DELIVRD', err: 0, when: 'soon', form: 'published' };
const EXPIRED: PlannedReceipt = { ...DELIVERED, state: 'EXPIRED', err: 5 };

const textOf = (plan: PlannedReceipt): string => String(receiptFields(plan, FACTS, SMS).short_message);

describe('receiptFields', () => {
  it('writes the text of a delivery as inMobile publishes it', () => {
    const published =
      'id:ble50673-f8b8-41e8-a143-07a43bb8c86b sub:001 dlvrd:001 submit date:1911121314 done date:1911121314 stat:DELIVRD err:000';
    assert.equal(textOf(DELIVERED), published);
  });

  it('writes the text of an expiry as inMobile publishes it', () => {
    const published =
      'id:ble50673-f8b8-41e8-a143-07a43bb8c86b sub:001 dlvrd:000 submit date:1911121314 done date:1911121314 stat:EXPIRED err:005';
    assert.equal(textOf(EXPIRED), published);
  });

  it('writes three digits of a code that has three', () => {
    assert.match(textOf({ ...EXPIRED, err: 105 }), / err:105$/);
  });

  it('goes the other way than the SMS', () => {
    const { source_addr, destination_addr } = receiptFields(DELIVERED, FACTS, SMS);
    assert.deepEqual([source_addr, destination_addr], ['4512345678', 'Pump']);
  });

  it('says by its esm_class that it is a receipt', () => {
    assert.equal(receiptFields(DELIVERED, FACTS, SMS).esm_class, 0x04);
  });

  it('says in TLVs what the text says, where planned', () => {
    const { receipted_message_id, message_state } = receiptFields({ ...EXPIRED, form: 'tlv' }, FACTS, SMS);
    assert.deepEqual([receipted_message_id, message_state], [FACTS.messageId, 3]);
  });

  it('has no TLVs as published', () => {
    assert.equal('receipted_message_id' in receiptFields(DELIVERED, FACTS, SMS), false);
  });

  it('has another letter case, another order, seconds and twenty characters of text in dialect', () => {
    assert.equal(
      textOf({ ...DELIVERED, form: 'dialect' }),
      'Stat:delivrd ERR:000 ID:ble50673-f8b8-41e8-a143-07a43bb8c86b ' +
        'Submit Date:191112131415 Done Date:191112131459 Sub:001 Dlvrd:001 Text:Pumpe nr. 3 st?r sti',
    );
  });
});
