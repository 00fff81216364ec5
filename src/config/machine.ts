import { homedir, hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { isAbsolute } from 'node:path'
import type { Resources } from '../protocol/messages.js'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Some sandboxes forbid to list the interfaces. */
const listInterfaces = (): Interfaces => {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

/** Returns the first external IPv4 address, else `127.0.0.1`. */
export const outwardAddress = (interfaces: Interfaces = listInterfaces()): string =>
  Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'

/** Returns the home directory. `undefined` for a user that the system does not know, and if `HOME` is empty or relative. */
export const homeDirectory = (): string | undefined => {
  try {
    const home = homedir()
    return isAbsolute(home) ? home : undefined
  } catch {
    return undefined
  }
}

/** Returns the name of this machine. */
export const machineName = (): string => hostname() || 'localhost'

/** Returns the resources that four variables describe. */
export const resourcesOf = (
  cpuCores: number,
  ramGb: number,
  model: string | undefined,
  vramGb: number,
): Resources => ({
  cpuCores,
  ...(ramGb > 0 && { ramGb }),
  ...(model !== undefined && { gpu: { model, vramGb } }),
})
