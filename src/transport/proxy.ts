/** A proxy between the worker and an orchestrator. */
export class HttpProxy {
  readonly url: URL
  /** Its URL without user name and password, for messages. */
  readonly shown: string
  /** Sent to the proxy, and to no one else. */
  readonly headers: Readonly<Record<string, string>>

  /** @param url - may have a user name and a password */
  constructor(url: string) {
    this.url = new URL(url)
    this.shown = this.url.origin
    const { username, password } = this.url
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    this.headers = username === '' ? {} : { 'proxy-authorization': authorization }
  }
}

/** Makes the proxy for a URL; `undefined` stays `undefined`. */
export const proxyAt = (url: string | undefined): HttpProxy | undefined =>
  url === undefined ? undefined : new HttpProxy(url)
