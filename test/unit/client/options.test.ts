import { describe, expect, test } from 'vitest'
import { settle } from '../../../src/client/options.js'

const TOKEN = 'client-token-4711'

describe('the options of the job client', () => {
  test('get defaults, and lose slashes at the end', () => {
    expect(settle({ url: 'HTTP://127.0.0.1:8080/base//', token: TOKEN, apiPath: '/api/v2' })).toEqual({
      url: 'http://127.0.0.1:8080/base',
      token: TOKEN,
      apiPath: '/api/v2',
      requestTimeoutMs: 30_000,
    })
  })

  test.each([
    'orchestrator:8080',
    'http:orchestrator',
    'http://',
    'http://a b',
    'http://host\n',
    'ftp://host',
    'http://user:pass@host',
    'http://host?x=1',
    'http://host#x',
    5 as unknown as string,
  ])('the url %j is refused, and not shown', (url) => {
    const wrong = () => settle({ url, token: TOKEN })
    expect(wrong).toThrow('url = (hidden): expected an http:// or https:// URL without credentials')
  })

  test('every wrong option is listed', () => {
    const wrong = () => settle({ url: 'x', token: 'a b', apiPath: 'api', requestTimeoutMs: 0 })
    expect(wrong).toThrow(/url = .*token = .*apiPath = .*requestTimeoutMs = /s)
  })
})
