/**
 * Makes records small: of the fields that mostly have one and the same value, those that have another. Pure.
 */

/** Makes the function that gives the fields of a record that differ from `usual`; undefined when none does. */
export function unusualFields<Fields extends object>(usual: {
  readonly [Name in keyof Fields]-?: Fields[Name] | undefined;
}): (record: Fields) => Partial<Fields> | undefined {
  const names = Object.keys(usual) as (keyof Fields)[];
  return (record) => {
    let unusual: { -readonly [Name in keyof Fields]?: Fields[Name] } | undefined;
    for (const name of names) {
      const value = record[name];
      if (value === usual[name]) continue;
      unusual ??= {};
      unusual[name] = value;
    }
    return unusual;
  };
}
