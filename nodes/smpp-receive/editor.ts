/**
 * The smpp-receive node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { connectionProblem, validator } from '../shared/catalogue.editor.js';

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
      required: true,
      validate: validator('smpp-receive', (id) => connectionProblem(id, 'receiver')),
    },
    to: { value: '' },
    incomplete: { value: 'emit' },
  },
  paletteLabel: 'smpp receive',
  label() {
    return this.name !== undefined && this.name !== '' ? this.name : 'smpp receive';
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
});
