import { join } from 'node:path'
import type { Settings } from '../../settings.js'
import { OwnDirectory, openNamed, type Place } from '../../utils/directories/own-directory.js'
import type { Logger } from '../../utils/logger.js'

/**
 * The folder with the marker files. Markers are not in the task directories: a task that lists its files sees only its
 * own. No task id is encoded as this name.
 */
const MARKERS = '.avtomatika-worker'

/** The settings of a {@link PayloadFolder}. */
export type PayloadSettings = Pick<Settings, 'taskFilesDir' | 'taskFilesDirIsDefault' | 'isInPod'>

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
  readonly #settings: PayloadSettings
  readonly #log: Logger
  readonly #directory: OwnDirectory
  #markers: OwnDirectory | undefined

  /** A default directory that other users can change is not used, but `<directory>-<uid>`. */
  constructor(settings: PayloadSettings, log: Logger) {
    const { taskFilesDir, taskFilesDirIsDefault, isInPod } = settings
    const paths = taskFilesDirIsDefault ? withOwn(taskFilesDir) : [taskFilesDir]
    this.#settings = settings
    this.#log = log
    this.#directory = new OwnDirectory(paths, { isShared: true, isInPod })
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
    const { isInPod } = this.#settings
    this.#markers ??= new OwnDirectory(withOwn(join(place.path, MARKERS)), { isInPod })
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
    openNamed('TASK_FILES_DIR', this, this.#log, this.#settings.taskFilesDirIsDefault)
  }

  #moved(path: string): void {
    this.#markers = undefined
    const { taskFilesDir } = this.#settings
    this.#log.warn(
      { directory: path, instead: taskFilesDir, err: this.#directory.obstacle },
      `Task directories are in ${path}: ${this.#directory.obstacle?.message ?? `${taskFilesDir} is usable again`}. Set TASK_FILES_DIR to choose another directory`,
    )
  }
}
