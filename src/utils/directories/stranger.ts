/** The owner and the mode of a directory or a link. */
export interface Access {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** The user of this process. */
export interface User {
  readonly uid: number
  readonly gid: number
  /** Whether the process runs in a Kubernetes pod. Volumes of a pod are writable by everybody, and only the pod has them. */
  readonly isInPod: boolean
  /** The owner of `/`: root, or the number that root has in a user namespace. */
  readonly rootUid: number
}

const ROOT = 0
const STICKY = 0o1000
const GROUP_WRITES = 0o020
const EVERYBODY_WRITES = 0o002

/** The group of root, or the private group of the user. Other groups may have members that nobody expects. */
const isTrustedGroup = (gid: number, user: User): boolean =>
  gid === ROOT || (gid === user.gid && gid === user.uid)

/** Returns whether users who are not trusted can create files in a directory. Pure. */
export const isOpen = (
  { uid, gid, mode }: Access,
  user: User,
): 'to every user' | 'to a group' | undefined => {
  if (mode & EVERYBODY_WRITES && !(user.isInPod && uid === ROOT)) return 'to every user'
  if (mode & GROUP_WRITES && !user.isInPod && !isTrustedGroup(gid, user)) return 'to a group'
  return undefined
}

/** Returns whose file this is, in words; `undefined` if it belongs to the user or to root. Pure. */
export const strangeOwner = (path: string, uid: number, user: User): string | undefined =>
  [user.uid, ROOT, user.rootUid].includes(uid) ? undefined : `${path} belongs to user ${uid}`

/**
 * Returns who else can replace the files in a directory, in words; `undefined` if only their owners and root can: other
 * users cannot write to the directory, or it is sticky like `/tmp`. Pure.
 */
export const strangerIn = (path: string, access: Access, user: User): string | undefined => {
  const owner = strangeOwner(path, access.uid, user)
  if (owner !== undefined || access.mode & STICKY) return owner
  const open = isOpen(access, user)
  if (open === undefined) return undefined
  const who = open === 'to a group' ? `group ${access.gid}` : 'every user'
  const mode = (access.mode & 0o7777).toString(8).padStart(4, '0')
  return `${who} can replace files in ${path} (mode ${mode}; chmod go-w ends that)`
}
