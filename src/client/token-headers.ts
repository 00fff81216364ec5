/** Returns the headers with the token of a client. Each generation reads its own. */
export const tokenHeaders = (token: string): Record<string, string> => ({
  'x-avtomatika-token': token,
  'x-client-token': token,
})
