# A worker that is one file. `avtomatika-worker init` makes a Dockerfile for a project of your own.
FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY deploy/worker.package.json ./package.json
COPY deploy/avtomatika-worker.tgz ./
RUN npm install --omit=dev
COPY deploy/worker.js ./
# Results that are not delivered yet. A named volume takes over the owner and the mode.
ENV WORKER_STATE_DIR=/var/lib/worker
RUN mkdir -m 700 /var/lib/worker && chown node:node /var/lib/worker
VOLUME /var/lib/worker
USER node
EXPOSE 8083
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8083/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "worker.js"]
