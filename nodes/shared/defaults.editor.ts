/**
 * Shows the defaults of what a flow leaves out, such as one of an older version: the runtime takes the same.
 *
 * The editor itself would show an empty choice, and save an unticked box where the default is ticked.
 */
import type { FormNode } from '../node-red-editor.js';

/** Call it first in `oneditprepare`. @param prefix of the fields' ids */
export function showDefaults(node: FormNode, prefix: 'node-input' | 'node-config-input'): void {
  for (const [property, { value, type }] of Object.entries(node._def.defaults)) {
    // The editor fills the lists of configuration nodes itself.
    if (type !== undefined) continue;
    const field = $(`#${prefix}-${property}`);
    const saved = node[property] ?? value;
    if (typeof value === 'boolean') field.prop('checked', saved === true || saved === 'true');
    else if (saved === value) field.val(String(value));
    else if (field.is('select')) showUnknown(field, saved);
  }
}

/** A word that is no choice would be an empty field: seen, it can be judged and corrected. */
function showUnknown(field: JQuery, saved: unknown): void {
  if (field.find('option:selected').length > 0 || typeof saved !== 'string') return;
  field.append($('<option>').val(saved).text(saved)).val(saved);
}
