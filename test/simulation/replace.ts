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

type Given<Type, Name extends keyof Type> = Type[Name] extends (...given: infer Given) => unknown
  ? Given
  : never;
type Result<Type, Name extends keyof Type> = Type[Name] extends (...given: never) => infer Result
  ? Result
  : never;

/** Has `listen` told of each call of `type[name]`, before it. */
export function before<Type extends object, Name extends keyof Type & string>(
  type: Type,
  name: Name,
  listen: (self: Type, given: Given<Type, Name>) => void,
): Undo {
  return instead(
    type,
    name,
    ((original: (...given: unknown[]) => unknown) =>
      function (this: Type, ...given: unknown[]) {
        listen(this, given as Given<Type, Name>);
        return original.apply(this, given);
      }) as never,
  );
}

/** Has `listen` told of each call of `type[name]` that did not throw, with what it returned. */
export function after<Type extends object, Name extends keyof Type & string>(
  type: Type,
  name: Name,
  listen: (self: Type, given: Given<Type, Name>, result: Result<Type, Name>) => void,
): Undo {
  return instead(
    type,
    name,
    ((original: (...given: unknown[]) => unknown) =>
      function (this: Type, ...given: unknown[]) {
        const result = original.apply(this, given);
        listen(this, given as Given<Type, Name>, result as Result<Type, Name>);
        return result;
      }) as never,
  );
}

/** Puts another getter in the place of `type[name]`, which is given what the original says. */
export function insteadOfGetter<Type extends object, Name extends keyof Type & string>(
  type: Type,
  name: Name,
  get: (original: Type[Name]) => Type[Name],
): Undo {
  const before = Object.getOwnPropertyDescriptor(type, name);
  const original = before?.get as ((this: Type) => Type[Name]) | undefined;
  if (original === undefined) throw new TypeError(`there is no getter ${name} to replace`);
  Object.defineProperty(type, name, {
    ...before,
    get(this: Type) {
      return get(original.call(this));
    },
  });
  return () => Object.defineProperty(type, name, before!);
}
