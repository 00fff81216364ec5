/** What is refused, and how it is said. */
export interface Refusal {
  readonly status: number
  readonly error: string
}
