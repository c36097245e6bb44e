# All Node services in one image; the command says which one runs: node <workspace>/dist/main.js
FROM node:24.22.3-bookworm-slim AS build
WORKDIR /app
# npm wants the manifest of every workspace that the lock file names, also of those that are not installed here.
COPY package.json package-lock.json ./
COPY schemas/package.json schemas/
COPY service-kit/package.json service-kit/
COPY product-database/package.json product-database/
COPY connect-config/package.json connect-config/
COPY consumers/package.json consumers/
COPY producer-api/package.json producer-api/
COPY monitor/package.json monitor/
COPY dashboard/package.json dashboard/
COPY dashboard/server/package.json dashboard/server/
COPY local/package.json local/
COPY tests/package.json tests/
COPY bench/package.json bench/
ARG INSTALL="npm ci --ignore-scripts --no-audit --no-fund --workspace=schemas --workspace=service-kit --workspace=product-database --workspace=connect-config --workspace=consumers --workspace=producer-api --workspace=monitor --workspace=dashboard --workspace=dashboard/server"
RUN --mount=type=cache,target=/root/.npm $INSTALL --include-workspace-root

COPY tsconfig.base.json ./
COPY schemas schemas
COPY service-kit service-kit
COPY product-database product-database
COPY connect-config connect-config
COPY consumers consumers
COPY producer-api producer-api
COPY monitor monitor
COPY dashboard dashboard
RUN npx tsc --build schemas service-kit product-database connect-config consumers producer-api monitor dashboard/server \
  && npm run --workspace=@shelfcast/dashboard build
RUN --mount=type=cache,target=/root/.npm $INSTALL --omit=dev

FROM node:24.22.3-bookworm-slim
LABEL org.opencontainers.image.title="Shelfcast services" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: a service cannot change its own code.
COPY --from=build /app ./
USER node
CMD ["node", "consumers/dist/main.js"]
