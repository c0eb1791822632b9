/**
 * The smpp-dlr node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { choiceProblem, connectionProblem, numberProblem, validator } from '../shared/catalogue.editor.js';
import { showDefaults } from '../shared/defaults.editor.js';
import { chosenSenders, prepareSenders } from './senders.editor.js';

/** Minutes; the default of `noReceiptAfter`. */
const USUAL_WAIT = '10';

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
      validate: validator('smpp-dlr', (id) => connectionProblem(id, 'receiver')),
    },
    states: {
      value: 'final',
      validate: validator('smpp-dlr', (value) => choiceProblem(value, ['final', 'all'])),
    },
    per: {
      value: 'message',
      validate: validator('smpp-dlr', (value) => choiceProblem(value, ['message', 'segment'])),
    },
    // The editor renames the ids of nodes in it when they are copied or imported.
    from: { value: [], type: '*[]' },
    noReceiptAfter: {
      value: '10',
      validate: validator('smpp-dlr', (value) => numberProblem(value, 0, 4320)),
    },
  },
  paletteLabel: 'smpp dlr',
  label() {
    if (this.name !== undefined && this.name !== '') return this.name;
    const minutes = Number(this.noReceiptAfter ?? USUAL_WAIT);
    const isUsual = minutes === Number(USUAL_WAIT) || !(minutes > 0);
    return isUsual ? 'smpp dlr' : this._('smpp-dlr.title', { minutes });
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
  outputLabels(index) {
    return this._(index === 0 ? 'smpp-dlr.output.receipt' : 'smpp-dlr.output.overdue');
  },
  oneditprepare() {
    showDefaults(this, 'node-input');
    prepareSenders(this);
  },
  oneditsave() {
    this.from = chosenSenders();
  },
});
