/** Undici's pool without the rest of undici, which takes three times as long to load; see ADR 17. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'

  export default Pool
}
