/** A response that refuses a request. */
export interface Refusal {
  readonly status: number
  readonly error: string
}
