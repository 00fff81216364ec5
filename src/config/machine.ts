import { homedir, hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Some sandboxes refuse to list the interfaces. */
const listInterfaces = (): Interfaces => {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

/** The first IPv4 address that other machines may see, else the loopback one. */
export const outwardAddress = (interfaces: Interfaces = listInterfaces()): string =>
  Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'

/** A user that the system does not know may have none. */
export const homeDirectory = (): string | undefined => {
  try {
    return homedir() || undefined
  } catch {
    return undefined
  }
}

/** The name the system gives this machine. */
export const machineName = (): string => hostname() || 'localhost'
