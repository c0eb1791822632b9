/** Replaces a method for a while, typed by what it replaces. */

export type Undo = () => void;

type Methods<Type, Name extends keyof Type> = Type[Name] extends (...given: infer Given) => infer Result
  ? (this: Type, ...given: Given) => Result
  : never;

/** Puts another method in the place of `type[name]`; `make` is given the original. */
export function instead<Type extends object, Name extends keyof Type & string>(
  type: Type,
  name: Name,
  make: (original: Methods<Type, Name>) => Methods<Type, Name>,
): Undo {
  const before = Object.getOwnPropertyDescriptor(type, name);
  if (typeof before?.value !== 'function') throw new TypeError(`there is no method ${name} to replace`);
  Object.defineProperty(type, name, { ...before, value: make(before.value as Methods<Type, Name>) });
  return () => Object.defineProperty(type, name, before);
}

/** Puts another getter in the place of `type[name]`. */
export function insteadOfGetter<Type extends object, Name extends keyof Type & string>(
  type: Type,
  name: Name,
  get: () => Type[Name],
): Undo {
  const before = Object.getOwnPropertyDescriptor(type, name);
  if (before?.get === undefined) throw new TypeError(`there is no getter ${name} to replace`);
  Object.defineProperty(type, name, { ...before, get });
  return () => Object.defineProperty(type, name, before);
}
