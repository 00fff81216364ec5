import { request } from 'undici'

/** What came back, with its text as it was. */
export interface RawAnswer {
  readonly status: number
  readonly body: unknown
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

// A server's own errors (500) come as plain text.
const parsed = (content: string): unknown => {
  try {
    return content === '' ? undefined : JSON.parse(content)
  } catch {
    return content
  }
}

/** One request without any code of the package: a text goes untouched, anything else as JSON. */
export const rawCall = async (
  url: string,
  method: 'GET' | 'POST' | 'PATCH',
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<RawAnswer> => {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await request(url, {
    method,
    headers: { ...headers, ...(text && { 'Content-Type': 'application/json' }) },
    ...(text && { body: text }),
  })
  const content = await answer.body.text()
  return { status: answer.statusCode, body: parsed(content), text: content, headers: answer.headers }
}
