import { PermanentError, Worker } from 'avtomatika-worker'
import sharp from 'sharp'
import { z } from 'zod'

const ThumbnailParams = z.object({
  picture: z.string(),
  width: z.int().min(16).max(4_000).default(320),
})

const worker = new Worker({ workerType: 'pictures' }).task(
  'thumbnail',
  { params: ThumbnailParams },
  async ({ picture, width }, { files, log, progress }) => {
    // picture was "s3://pictures/meadow.jpg". The worker has downloaded the object, and this is its local path.
    const original = await files.read(picture, 'rb')
    progress(0.3, 'downloaded')
    const { data, info } = await shrink(original, width)
    await files.write('thumbnail.webp', data)
    log.info({ width: info.width, height: info.height }, 'Thumbnail made')
    // The worker uploads the file and replaces its path by an s3:// URI.
    return {
      data: { thumbnail: await files.pathTo('thumbnail.webp'), width: info.width, height: info.height },
    }
  },
)

const shrink = (original: Buffer, width: number) =>
  sharp(original)
    .autoOrient()
    .resize({ width, withoutEnlargement: true })
    .webp()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      // Another attempt would read the same bytes.
      throw new PermanentError(`Picture not readable: ${error.message}`, { cause: error })
    })

export default worker
