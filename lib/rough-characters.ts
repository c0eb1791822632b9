/**
 * About how much memory a JSON value takes, in characters of its JSON. For budgets: quick, and exact only where one text
 * is most of it, as a message of a flow is.
 */
const PER_VALUE = 8;

export function roughCharacters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return PER_VALUE;
  let characters = PER_VALUE;
  for (const each of Object.values(value)) characters += PER_VALUE + roughCharacters(each);
  return characters;
}
