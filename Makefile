# `make` alone lists the targets. Variables given to make (TABLE=…, SQL="…") reach the commands as environment
# variables, untouched by any shell.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SILENT:
MAKEFLAGS += --no-print-directory

# A `$` in a value is the user's, not make's.
PASSED := ALL BRAND BROKERS CANCEL CATEGORY COLUMN CONFIRM CONSUMER DB DRY_RUN EDIT ENTITY ERROR EVENT FOLLOW FORCE ID JSON \
  KEEP_OLD KEY LIMIT LOW_LATENCY MIN_CHANGE NAME PORT_OFFSET PRODUCT PURGE RATE REASON REPAIR SERVICE SQL TABLE \
  TESTS URL WEBHOOK_SECRET YES
$(foreach name,$(PASSED),$(if $(filter command%,$(origin $(name))),\
  $(eval override export $(name) := $$(value $(name)))))

# What runs; tests and benchmarks are compiled by `make check` alone.
RUNTIME := schemas service-kit product-database connect-config consumers producer-api monitor dashboard/server local
SOURCES := tsconfig.base.json $(RUNTIME:%=%/tsconfig.json) $(RUNTIME:%=%/package.json) \
  $(shell find $(RUNTIME:%=%/src) -name '*.ts')
INSTALLED := node_modules/.package-lock.json
BUILT := .shelfcast/built
# What browsers load.
PAGES := dashboard/dist-pages/index.html
PAGE_SOURCES := $(wildcard dashboard/*.json dashboard/*.ts dashboard/*.html) \
  $(shell find dashboard/src dashboard/public dashboard/scripts schemas/src/monitor -type f)

# Node: the one on PATH or, where that is older than the one of the tests, the latter, which npm brings
# (docs/decisions/node.md). TESTED_NODE=always: in any case, or not at all; TESTED_NODE=never: the one on PATH.
OWN_PATH := $(subst $(CURDIR)/.shelfcast/node/bin:,,$(PATH))
NODE_ON_PATH := $(shell PATH="$(OWN_PATH)" node --version 2>/dev/null)
OLDER_NODES := v20.% v22.%
NODE_IS_NEW_ENOUGH := const [a, b] = process.versions.node.split(".").map(Number); \
  process.exit(a >= 24 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)
ifeq ($(TESTED_NODE),always)
  BROUGHT_NODE := .shelfcast/node/always
else ifneq ($(TESTED_NODE),never)
  BROUGHT_NODE := $(if $(filter $(OLDER_NODES),$(NODE_ON_PATH)),.shelfcast/node/tried)
endif
ifneq ($(BROUGHT_NODE),)
  export PATH := $(CURDIR)/.shelfcast/node/bin:$(OWN_PATH)
endif
# npm reads the machine's settings (registry, certificates) from beside the Node that it came with.
WITH_OWN_NODE := PATH="$(OWN_PATH)"

LOCAL := node local/dist/cli.js
# Runs a command with the addresses of the local stack in its environment; what is set already wins.
WITH_STACK := $(LOCAL) exec --
FROM_SOURCE := node --conditions=source --import tsx

##@ Running it
.PHONY: start stop status logs reset doctor psql demo
start: $(BUILT) ## Start everything (first time: download it) and wait until a change has gone all the way
	$(LOCAL) start

stop: $(BUILT) ## End every process; the data stays
	$(LOCAL) stop

status: $(BUILT) ## What runs, for how long, and the memory and CPU it uses
	$(LOCAL) status

logs: $(BUILT) ## Follow the logs (SERVICE=kafka for one; FOLLOW=0 for the end only)
	$(LOCAL) logs

reset: $(BUILT) ## Stop and delete all data, after asking (YES=1: without)
	$(LOCAL) reset

doctor: $(BUILT) ## Name what is wrong with machine, stack and pipeline, and what mends it (JSON=1 for programs)
	$(LOCAL) doctor

psql: $(BUILT) ## SQL on DB=products|consumers|monitoring|producer: a session, SQL="…", or standard input
	$(LOCAL) psql

demo: $(BUILT) ## Keep editing products until Ctrl-C (RATE=2 a second)
	$(WITH_STACK) node product-database/dist/cli.js demo

##@ The same system on Docker
.PHONY: up down images images-test
up: ## Build the images, start everything and wait until it is healthy (needs API_TOKENS in .env)
	[ -n "$$API_TOKENS$$OIDC_ISSUER" ] || grep -Eqs '^(API_TOKENS|OIDC_ISSUER)=.' .env || { \
	  echo 'The producer API needs API_TOKENS or OIDC_ISSUER in .env: docs/producer-api.md says how to make a token.' >&2; exit 1; }
	sh compose/make-secrets.sh .env
	docker compose up --build --detach --wait

down: ## End it; the volumes stay
	docker compose down

images: ## Build the images, also where no engine runs (with buildah)
	$(WITH_OWN_NODE) compose/images.sh build

images-test: check images ## Start every command of docker-compose.yml that uses our image, in it, on a stack of its own
	node tests/dist/images.js

##@ The connector
.PHONY: connectors connector-register connector-status connector-validate connector-pause connector-resume \
  connector-restart connector-stop connector-delete connector-snapshot connector-add-table connector-remove-table resync
connectors: $(BUILT) ## Every connector and its state
	$(WITH_STACK) node connect-config/dist/cli.js list

connector-register: $(BUILT) ## Create or update the connector and wait until it runs
	$(WITH_STACK) node connect-config/dist/cli.js register

connector-status: $(BUILT) ## State of the connector and its task, with the cause of a failure
	$(WITH_STACK) node connect-config/dist/cli.js status

connector-validate: $(BUILT) ## Check the configuration without changing anything
	$(WITH_STACK) node connect-config/dist/cli.js validate

connector-pause: $(BUILT) ## Stop reading, keep the task
	$(WITH_STACK) node connect-config/dist/cli.js pause

connector-resume: $(BUILT) ## Go on after a pause or stop
	$(WITH_STACK) node connect-config/dist/cli.js resume

connector-restart: $(BUILT) ## Restart what has failed
	$(WITH_STACK) node connect-config/dist/cli.js restart

connector-stop: $(BUILT) ## Stop reading and end the task; offsets stay
	$(WITH_STACK) node connect-config/dist/cli.js stop

connector-delete: $(BUILT) ## Delete connector, slot and offsets, after asking (YES=1: without)
	$(WITH_STACK) node connect-config/dist/cli.js delete

connector-snapshot: $(BUILT) ## Read TABLE=schema.table again while changes go on; lists and patterns too: TABLE='crm.*'
	$(WITH_STACK) node connect-config/dist/cli.js snapshot

connector-add-table: $(BUILT) ## Capture TABLE=schema.table as well; lists and patterns too: TABLE='crm.*'
	$(WITH_STACK) node connect-config/dist/cli.js add-table

connector-remove-table: $(BUILT) ## Capture TABLE=schema.table no longer, also one that the connector fails at [PURGE=1: delete its topic]
	$(WITH_STACK) node connect-config/dist/cli.js remove-table

resync: $(BUILT) ## Read all again, remove what is gone [YES=1 FORCE=1 CONFIRM=keys]; with TABLE=schema.table that one alone
	$(WITH_STACK) node connect-config/dist/cli.js resync

##@ Consumers
.PHONY: dead-letters redrive discard consumer-pause consumer-resume consumer-retire rebuild reconcile
CONSUMERS_CLI := node consumers/dist/cli/main.js
dead-letters: $(BUILT) ## What consumers could not apply [CONSUMER=…]
	$(WITH_STACK) $(CONSUMERS_CLI) dead-letters

redrive: $(BUILT) ## Try it again: CONSUMER=… and ID=… KEY=… ENTITY=… ERROR=… or ALL=1 [EDIT='{…}' RATE=… DRY_RUN=1 FORCE=1]
	$(WITH_STACK) $(CONSUMERS_CLI) redrive

discard: $(BUILT) ## Give it up: CONSUMER=… REASON=… and ID=… KEY=… ENTITY=… ERROR=… or ALL=1 [DRY_RUN=1]
	$(WITH_STACK) $(CONSUMERS_CLI) discard

consumer-pause: $(BUILT) ## Stop handling changes: CONSUMER=… REASON=…
	$(WITH_STACK) $(CONSUMERS_CLI) pause

consumer-resume: $(BUILT) ## Go on after a pause: CONSUMER=…
	$(WITH_STACK) $(CONSUMERS_CLI) resume

consumer-retire: $(BUILT) ## Forget CONSUMER=… that shall not run any more, after asking [YES=1 PURGE=1: drop its schema]
	$(WITH_STACK) node consumers/dist/retire/cli.js

rebuild: $(BUILT) ## Build a read model again, beside the one in use, and swap it in: CONSUMER=… [KEEP_OLD=1 CANCEL=1]
	$(WITH_STACK) node consumers/dist/rebuild/cli.js

reconcile: $(BUILT) ## Compare read models with the source, row by row [CONSUMER=… TABLE=… REPAIR=1 DRY_RUN=1 CONFIRM=keys]
	$(WITH_STACK) node consumers/dist/reconcile/cli.js

##@ Webhooks
.PHONY: webhook-add webhook-list webhook-remove webhook-enable webhook-disable webhook-deliveries webhook-redeliver \
  webhook-discard
webhook-add: $(BUILT) ## Tell URL=… of price changes (CATEGORY=… BRAND=… PRODUCT=a,b MIN_CHANGE=0.05 RATE=50)
	$(WITH_STACK) node consumers/dist/pricing/cli.js add

webhook-list: $(BUILT) ## Every subscriber, its health, and what waits for it
	$(WITH_STACK) node consumers/dist/pricing/cli.js list

webhook-remove: $(BUILT) ## Remove subscriber ID=… with its deliveries
	$(WITH_STACK) node consumers/dist/pricing/cli.js remove

webhook-enable: $(BUILT) ## Deliver to subscriber ID=… again
	$(WITH_STACK) node consumers/dist/pricing/cli.js enable

webhook-disable: $(BUILT) ## Stop delivering to subscriber ID=…; what waits stays
	$(WITH_STACK) node consumers/dist/pricing/cli.js disable

webhook-deliveries: $(BUILT) ## The newest deliveries (ID=… of one subscriber)
	$(WITH_STACK) node consumers/dist/pricing/cli.js deliveries

webhook-redeliver: $(BUILT) ## Send again what was given up for subscriber ID=… (EVENT=… one event)
	$(WITH_STACK) node consumers/dist/pricing/cli.js redeliver

webhook-discard: $(BUILT) ## Give up for good what was given up for ID=… (EVENT=…); later events of the product go on
	$(WITH_STACK) node consumers/dist/pricing/cli.js discard

##@ Working on it
.PHONY: node build check codegen sbom audit consumer test soak bench screenshots
node: ## Fetch the Node of the tests, which runs all this where the one on PATH is older (docs/decisions/node.md)
	$(WITH_OWN_NODE) local/node/bring.sh

build: $(BUILT) ## Install packages and compile, if anything changed

check: $(BUILT) ## Formatting, lint, types and generated code
	node_modules/.bin/biome ci --reporter=summary .
	node_modules/.bin/tsc --build
	npm run --silent --workspace=@shelfcast/dashboard check
	$(FROM_SOURCE) schemas/src/codegen.ts --check

codegen: $(INSTALLED) ## Generate the TypeScript types from the Avro contracts, and docs/types.md
	$(FROM_SOURCE) schemas/src/codegen.ts
	$(FROM_SOURCE) tests/src/support/write-types-doc.ts

sbom: $(INSTALLED) ## Every package that runs, as CycloneDX, in .shelfcast/sbom: Node's and the JVM's
	mkdir -p .shelfcast/sbom
	npm sbom --sbom-format=cyclonedx --sbom-type=application --omit=dev --package-lock-only >.shelfcast/sbom/node.cdx.json
	for part in local connect-config; do \
	  mvn --batch-mode --quiet --file $$part/pom.xml org.cyclonedx:cyclonedx-maven-plugin:2.9.3:makeBom \
	    -DoutputDirectory=$(CURDIR)/.shelfcast/sbom -DoutputName=$$part.cdx -DoutputFormat=json || exit 1; done

audit: $(INSTALLED) ## Known weaknesses of the Node packages that run (asks the npm registry)
	npm audit --omit=dev

consumer: $(INSTALLED) ## Begin a consumer: NAME=reviews [TABLE=public.products COLUMN=name]; docs/writing-a-consumer.md
	$(FROM_SOURCE) consumers/src/scaffold/cli.ts

test: check ## Everything: checks, unit tests, and end-to-end tests on a stack of their own (TESTS=word for some)
	node tests/dist/runner/run.js --compiled --timeout-min 75 --file-timeout-min 12 $$TESTS

soak: check ## The long forms of the tests, for hours (TESTS=word for some)
	SOAK=1 node tests/dist/runner/run.js --compiled --timeout-min 600 --file-timeout-min 120 $$TESTS

bench: $(BUILT) ## Latency and throughput, beside the floor of the same run (BENCH_STACK=running: on the stack that is up)
	node_modules/.bin/tsc --build bench
	node bench/dist/main.js

screenshots: $(BUILT) ## Pictures of every view of the dashboard that runs, into docs/screenshots (DASHBOARD_URL, Chromium)
	node_modules/.bin/tsc --build tests
	node tests/dist/support/screenshots.js

.PHONY: help
help:
	awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.shelfcast/node/always: local/node/package-lock.json
	$(WITH_OWN_NODE) local/node/bring.sh
	touch $@

.shelfcast/node/tried: local/node/package-lock.json
	$(WITH_OWN_NODE) local/node/bring.sh || echo 'Going on with Node $(NODE_ON_PATH); "make node" tries again.'
	mkdir -p $(@D)
	touch $@

$(INSTALLED): package-lock.json | $(BROUGHT_NODE)
	node -e '$(NODE_IS_NEW_ENOUGH)' || { \
	  echo 'Node 20.19, 22.12 or ≥ 24 is needed; on PATH: $(or $(NODE_ON_PATH),none).' >&2; exit 1; }
	echo 'Installing packages …'
	$(WITH_OWN_NODE) npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(PAGES): $(INSTALLED) $(PAGE_SOURCES)
	npm run --silent --workspace=@shelfcast/dashboard build -- --logLevel=warn
	touch $@

$(BUILT): $(INSTALLED) $(SOURCES) $(PAGES)
	node_modules/.bin/tsc --build $(RUNTIME)
	mkdir -p $(@D)
	touch $@
