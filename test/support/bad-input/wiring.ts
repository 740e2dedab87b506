import type { BadInputs } from "./case.ts";

const db = { host: "db.example.com", port: 5432 };

/** What is wrong with what a workload uses, and with where it tells its metrics. */
export const badWiring: BadInputs = {
  "a dependency that is text": {
    of: "worker",
    bad: { uses: { db: "db.example.com" } },
    code: "port-missing",
    at: "uses.db",
    good: { uses: { db } },
  },
  "dependencies in a list": { of: "worker", bad: { uses: [db] }, at: "uses", good: { uses: { db } } },
  "a dependency with a name that no variable can begin with": {
    of: "worker",
    bad: { uses: { "1st": db } },
    code: "invalid-name",
    at: "uses.1st",
    good: { uses: { first: db } },
  },
  "two dependencies that give one variable": {
    of: "worker",
    bad: { uses: { orderDb: db, "order-db": db } },
    code: "invalid-name",
    at: "uses.order-db",
    good: { uses: { orderDb: db, userDb: db } },
  },
  "a host with its scheme": {
    of: "worker",
    bad: { uses: { db: { ...db, host: "https://db.example.com" } } },
    at: "uses.db.host",
    good: { uses: { db: { ...db, scheme: "https" } } },
  },
  "a host without a port": {
    of: "worker",
    bad: { uses: { db: { host: "db.example.com" } } },
    at: "uses.db.port",
    good: { uses: { db } },
  },
  "an address of a host without a prefix": {
    of: "worker",
    bad: { uses: { db: { ...db, cidrs: ["203.0.113.7"] } } },
    at: "uses.db.cidrs.0",
    good: { uses: { db: { ...db, cidrs: ["203.0.113.7/32"] } } },
  },
  "a misspelled property of a host": {
    of: "worker",
    bad: { uses: { db: { ...db, cidr: ["203.0.113.7/32"] } } },
    code: "unknown-property",
    at: "uses.db.cidr",
    good: { uses: { db: { ...db, cidrs: ["203.0.113.7/32"] } } },
  },
  "a scheme with its slashes": {
    of: "worker",
    bad: { uses: { db: { ...db, scheme: "postgres://" } } },
    at: "uses.db.scheme",
    good: { uses: { db: { ...db, scheme: "postgres" } } },
  },
  "a path of a URL without a slash": {
    of: "worker",
    bad: { uses: { db: { ...db, scheme: "postgres", path: "shop" } } },
    at: "uses.db.path",
    good: { uses: { db: { ...db, scheme: "postgres", path: "/shop" } } },
  },
  "a password beside a host": {
    of: "worker",
    bad: { uses: { db: { ...db, values: { password: "hunter2" } } } },
    code: "literal-secret",
    at: "uses.db.values.password",
    good: { uses: { db: { ...db, values: { user: "app" } } } },
  },
  "what an init container uses, misspelled": {
    of: "worker",
    bad: { init: { migrate: { image: "ghcr.io/acme/app:1", use: { db } } } },
    code: "unknown-property",
    at: "init.migrate.use",
    good: { init: { migrate: { image: "ghcr.io/acme/app:1", uses: { db } } } },
  },
  "a host that is said to call": {
    of: "webService",
    bad: { access: { from: [{ host: "api.example.com" }] } },
    at: "access.from.0",
    good: { access: { from: [{ cidr: "203.0.113.7/32" }] } },
  },
  "a host by its name among those that alone may be called": {
    of: "worker",
    bad: { access: { to: [{ host: "api.example.com" }] } },
    code: "host-unrestricted",
    at: "access.to.0.host",
    good: { access: { to: [{ cidr: "203.0.113.7/32", ports: [443] }] } },
  },
  "metrics of a job": {
    of: "job",
    bad: { metrics: { port: 9090 } },
    code: "unknown-property",
    at: "metrics",
    good: {},
  },
};
