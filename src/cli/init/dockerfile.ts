import type { Language } from './language.js'

export const DOCKERIGNORE = `node_modules
dist
.git
.env
`

/**
 * The command of the image is the process with the id 1, so it gets SIGTERM and drains. Pure.
 *
 * @param tarball - a tarball in the folder of the project that `npm ci` installs
 */
export const dockerfile = (language: Language, tarball?: string): string => {
  const packages = ['package*.json', ...(tarball === undefined ? [] : [tarball])].join(' ')
  return language === 'typescript'
    ? `${buildStage(packages)}${finalStage(packages, 'dist')}`
    : finalStage(packages, 'src')
}

const buildStage = (packages: string): string => `FROM node:24-slim AS build
WORKDIR /app
COPY ${packages} ./
RUN npm ci
COPY . .
RUN npm run build

`

const finalStage = (packages: string, folder: 'dist' | 'src'): string => `FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY ${packages} ./
RUN npm ci --omit=dev
COPY ${folder === 'dist' ? '--from=build /app/dist ./dist' : 'src ./src'}

# Accepted tasks and undelivered results: mount a volume here to keep them over restarts.
ENV WORKER_STATE_DIR=/var/lib/worker
RUN mkdir -m 700 /var/lib/worker && chown node:node /var/lib/worker
USER node

EXPOSE 8083
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.WORKER_PORT || 8083) + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node_modules/.bin/avtomatika-worker", "run", "${folder}/worker.js"]
`
