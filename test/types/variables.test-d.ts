import type { WorkerConfigValues } from 'avtomatika-worker'
import type { Kind } from '../../src/config/kind.js'
import type { VARIABLES, VariableName } from '../../src/config/variables.js'
import type { Settings } from '../../src/settings.js'

/** Compiled by `npm run types`, never run: the declarations say the same as the table of variables. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

type Table = typeof VARIABLES

/** The type of each attribute, as the kind of its variable says. */
type Attributes = {
  [Name in VariableName]: Table[Name]['kind'] extends Kind<infer _, infer Value> ? Value : never
}

same<
  keyof WorkerConfigValues,
  VariableName | 'ORCHESTRATORS' | 'HOSTNAME' | 'IP_ADDRESS' | 'RESOURCES' | 'EXTRA_CAPABILITIES'
>(true)
same<Pick<WorkerConfigValues, VariableName>, Attributes>(true)

/** The members that the variables with a setting in `Group` have; `''` is `Settings` itself. */
type Members<Group extends string> = {
  [Name in VariableName as Table[Name] extends { setting: `${Group}${infer Key}` }
    ? Key extends `${string}.${string}`
      ? never
      : Key
    : never]: Table[Name]['kind'] extends Kind<infer Setting, infer _> ? Setting : never
}

/** The same members without `undefined`: in a group, it means that the member is absent. */
type Present<Group> = { readonly [Key in keyof Group]: NonNullable<Group[Key]> }

same<Pick<Settings, keyof Members<''>>, Readonly<Members<''>>>(true)
same<Required<Settings['s3']>, Present<Members<'s3.'>>>(true)
same<Required<Settings['tls']>, Present<Members<'tls.'>>>(true)
