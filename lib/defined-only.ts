// Leaves out what is not there.

/** The same properties, optional where the value may be undefined. */
type DefinedOnly<Values extends object> = {
  [Name in keyof Values as undefined extends Values[Name] ? never : Name]: Values[Name];
} & {
  [Name in keyof Values as undefined extends Values[Name] ? Name : never]?: Exclude<Values[Name], undefined>;
};

/**
 * The values without those that are undefined, for a spread: `exactOptionalPropertyTypes` tells a property that is
 * absent from one that is undefined, and so do JSON and `in`.
 */
export function definedOnly<Values extends object>(values: Values): DefinedOnly<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as DefinedOnly<Values>;
}
