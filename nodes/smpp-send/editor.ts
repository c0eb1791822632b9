/**
 * The smpp-send node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { connectionProblem, liveValue, numberProblem, validator } from '../shared/catalogue.editor.js';
import { prepareCounter } from './counter.editor.js';
import { senderProblem } from './sender.editor.js';

const TYPE = 'smpp-send';
const TYPES = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;
const isText = (saved: unknown): boolean => liveValue('#node-input-fromType', saved) === 'str';

RED.nodes.registerType('smpp-send', {
  category: 'SMS',
  color: '#3FADB5',
  icon: 'smpp-send.svg',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    connection: {
      value: '',
      type: 'inmobile-connection',
      required: true,
      validate: validator(TYPE, (id) => connectionProblem(id, 'transmitter')),
    },
    to: { value: 'to' },
    toType: { value: 'msg' },
    from: {
      value: '',
      validate: validator(TYPE, (value, node) => (isText(node.fromType) ? senderProblem(value) : undefined)),
    },
    fromType: { value: 'str' },
    text: { value: 'payload' },
    textType: { value: 'msg' },
    flash: { value: false },
    encoding: { value: 'auto' },
    substitute: { value: true },
    maxSegments: { value: '10', validate: validator(TYPE, (value) => numberProblem(value, 1, 255)) },
    longMessage: { value: 'udh8' },
    receipt: { value: 'always' },
    priority: { value: 'normal' },
    expiresAfter: { value: '1440', validate: validator(TYPE, (value) => numberProblem(value, 1, 43_200)) },
    onUncertain: { value: '' },
  },
  paletteLabel: 'smpp send',
  label() {
    return this.name !== undefined && this.name !== '' ? this.name : 'smpp send';
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
  outputLabels(index) {
    return this._(index === 0 ? 'smpp-send.output.accepted' : 'smpp-send.output.other');
  },
  oneditprepare() {
    for (const field of ['to', 'from', 'text']) {
      $(`#node-input-${field}`).typedInput({
        types: [...TYPES],
        typeField: `#node-input-${field}Type`,
      });
    }
    prepareCounter();
  },
});
