import { takeLock } from '../../../../src/journal/folder/lock.js'

/** Run as a process of its own: takes the folder and stays. */
await takeLock(process.argv[2] ?? '')
process.stdout.write('taken\n')
process.stdin.resume()
