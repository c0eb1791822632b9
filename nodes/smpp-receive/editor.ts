/**
 * The smpp-receive node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { choiceProblem, connectionProblem, validator } from '../shared/catalogue.editor.js';
import { showDefaults } from '../shared/defaults.editor.js';
import { isNumber } from '../shared/number.editor.js';

RED.nodes.registerType('smpp-receive', {
  category: 'SMS',
  color: '#3FADB5',
  icon: 'smpp-receive.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    name: { value: '' },
    connection: {
      value: '',
      type: 'inmobile-connection',
      validate: validator('smpp-receive', (id) => connectionProblem(id, 'receiver')),
    },
    to: {
      value: '',
      validate: validator('smpp-receive', (to) => (to.trim() === '' || isNumber(to) ? undefined : 'to')),
    },
    incomplete: {
      value: 'emit',
      validate: validator('smpp-receive', (value) => choiceProblem(value, ['emit', 'drop'])),
    },
  },
  paletteLabel: 'smpp receive',
  label() {
    if (this.name !== undefined && this.name !== '') return this.name;
    const { to } = this;
    return typeof to === 'string' && to !== '' ? this._('smpp-receive.title', { to }) : 'smpp receive';
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
  outputLabels() {
    return this._('smpp-receive.output');
  },
  oneditprepare() {
    showDefaults(this, 'node-input');
  },
});
