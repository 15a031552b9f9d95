# One image for both processes: the API by default, the worker by `node dist/worker.js`, migrations by
# `node dist/migrate.js`.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package needs its install script here, and some would download programs that are not used.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json nest-cli.json prisma.config.ts ./
COPY prisma prisma
COPY src src
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# `npm ci --omit=dev` alone would keep the Prisma CLI and TypeScript, which are optional peers of @prisma/client.
RUN npm pkg delete devDependencies && npm install --package-lock-only && npm ci --ignore-scripts

FROM node:24-slim
LABEL org.opencontainers.image.title="Longhaul" \
      org.opencontainers.image.description="Reports and exports that outlive the request that asked for them" \
      org.opencontainers.image.licenses="MIT"
# A statement of the query engine holds a thread of libuv's pool; a small young generation keeps V8, and few arenas keep
# the allocator, from holding memory that is not needed. As in src/local/runtime.ts.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=2 \
    MALLOC_ARENA_MAX=2 \
    UV_THREADPOOL_SIZE=16 \
    SCRATCH_DIR=/scratch
WORKDIR /app
COPY LICENSE package.json ./
COPY prisma/migrations prisma/migrations
COPY catalogue catalogue
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
# The only folder that is written to: the root file system may be read-only.
RUN mkdir /scratch && chown node:node /scratch
VOLUME /scratch
USER node
EXPOSE 3000 3001
# A container runs one of the two; whichever answers on its port is alive.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "const { PORT, WORKER_PORT } = process.env; Promise.any([PORT || 3000, WORKER_PORT || 3001].map(async (port) => { const { ok } = await fetch('http://127.0.0.1:' + port + '/health/live'); if (!ok) throw new Error('not alive'); })).catch(() => process.exit(1))"]
CMD ["node", "dist/main.js"]
