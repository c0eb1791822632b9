/**
 * The smpp-dlr node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { connectionProblem, numberProblem, validator } from '../shared/catalogue.editor.js';
import { chosenSenders, prepareSenders } from './senders.editor.js';

RED.nodes.registerType('smpp-dlr', {
  category: 'SMS',
  color: '#3FADB5',
  icon: 'smpp-dlr.svg',
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: '' },
    connection: {
      value: '',
      type: 'inmobile-connection',
      required: true,
      validate: validator('smpp-dlr', (id) => connectionProblem(id, 'receiver')),
    },
    states: { value: 'final' },
    per: { value: 'message' },
    from: { value: [] },
    noReceiptAfter: {
      value: '10',
      validate: validator('smpp-dlr', (value) => numberProblem(value, 0, 4320)),
    },
  },
  paletteLabel: 'smpp dlr',
  label() {
    return this.name !== undefined && this.name !== '' ? this.name : 'smpp dlr';
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
  outputLabels(index) {
    return this._(index === 0 ? 'smpp-dlr.output.receipt' : 'smpp-dlr.output.overdue');
  },
  oneditprepare() {
    prepareSenders(this);
  },
  oneditsave() {
    this.from = chosenSenders();
  },
});
