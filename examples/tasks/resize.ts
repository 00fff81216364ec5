// #region resize
import { defineTask } from 'avtomatika-worker'
import { z } from 'zod'

export default defineTask({
  name: 'resize',
  taskType: 'image',
  params: z.object({ width: z.number().int().positive() }),
  run: ({ width }, { log }) => {
    log.info({ width }, 'resizing')
    return { data: { width } }
  },
})
// #endregion
