import sharp from 'sharp'

/** A picture's size in pixels, upright, and in bytes. */
export interface PictureSize {
  readonly width: number
  readonly height: number
  readonly bytes: number
}

export interface Resized {
  readonly picture: Buffer
  readonly before: PictureSize
  readonly after: PictureSize
}

/**
 * Makes a picture fit a square of `fitInto` pixels; its format stays, and it stands upright whatever its EXIF note says.
 *
 * @throws Error when it is no picture, or not a whole one
 */
export const resize = async (original: Buffer, fitInto: number): Promise<Resized> => {
  const { autoOrient: upright } = await sharp(original).metadata()
  const { data: picture, info } = await sharp(original)
    .autoOrient()
    .resize({ width: fitInto, height: fitInto, fit: 'inside', withoutEnlargement: true })
    .toBuffer({ resolveWithObject: true })
  return {
    picture,
    before: { ...upright, bytes: original.length },
    after: { width: info.width, height: info.height, bytes: picture.length },
  }
}
