import { join } from 'node:path'
import { OwnDirectory, openNamed, type Place } from '../../utils/directories/own-directory.js'
import type { Logger } from '../../utils/logger.js'

/**
 * The folder with the marker files. Markers are not in the task directories: a task that lists its files sees only its
 * own. No task id is encoded as this name.
 */
const MARKERS = '.avtomatika-worker'

export interface PayloadFolderOptions {
  /** `TASK_FILES_DIR` */
  readonly parent: string
  /** Whether nobody has chosen `parent`. Then `<parent>-<uid>` is used if other users can change `parent`. */
  readonly isDefault?: boolean | undefined
  /** Whether the process runs in a Kubernetes pod. */
  readonly isInPod?: boolean | undefined
  readonly log: Logger
}

/** The directory of all task directories, and the folder with their markers. */
export interface PayloadPlace extends Place {
  readonly markers: string
}

/** A path, and the same path for this user alone. */
const withOwn = (path: string): readonly string[] => {
  const uid = process.geteuid?.()
  return uid === undefined ? [path] : [path, `${path}-${uid}`]
}

/** `TASK_FILES_DIR`. Users who share it have a folder for markers each. */
export class PayloadFolder {
  readonly #options: PayloadFolderOptions
  readonly #directory: OwnDirectory
  #markers: OwnDirectory | undefined

  constructor(options: PayloadFolderOptions) {
    const { parent, isDefault, isInPod } = options
    this.#options = options
    this.#directory = new OwnDirectory(isDefault ? withOwn(parent) : [parent], { isShared: true, isInPod })
  }

  /** The path in use; before the first `open`, `TASK_FILES_DIR`. */
  get path(): string {
    return this.#directory.path
  }

  /**
   * Creates the folder if necessary. Cheap if it exists and no other directory has taken its name.
   *
   * @throws UnsafeDirectoryError if somebody else can change it
   * @throws Error of the file system
   */
  open(): PayloadPlace {
    const before = this.path
    const place = this.#directory.open()
    if (place.path !== before) this.#moved(place.path)
    this.#markers ??= new OwnDirectory(withOwn(join(place.path, MARKERS)), this.#options)
    return { ...place, markers: this.#markers.open().path }
  }

  /** Opens the folder. Returns `undefined` if it cannot be used; {@link prepare} has logged the reason. */
  tryOpen(): PayloadPlace | undefined {
    try {
      return this.open()
    } catch {
      return undefined
    }
  }

  /**
   * Opens the folder at the start of the worker. Logs a warning if it cannot be used at present.
   *
   * @throws ConfigError if somebody has chosen a directory that other users can change
   */
  prepare(): void {
    const { isDefault, log } = this.#options
    openNamed('TASK_FILES_DIR', this, log, isDefault)
  }

  #moved(path: string): void {
    this.#markers = undefined
    const { parent, log } = this.#options
    log.warn(
      { directory: path, instead: parent, err: this.#directory.obstacle },
      `Task directories are in ${path}: ${this.#directory.obstacle?.message ?? `${parent} is usable again`}. Set TASK_FILES_DIR to choose another directory`,
    )
  }
}
