import { Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region params
class CropParams {
  readonly width: number
  readonly height: number

  constructor({ width, height = width }: { width?: number; height?: number }) {
    if (!width || !height) throw new Error('width is missing')
    this.width = width
    this.height = height
  }
}

worker.task('crop', { params: CropParams }, ({ width, height }) => ({ pixels: width * height }))
// #endregion

await worker.runWithHealthCheck()
