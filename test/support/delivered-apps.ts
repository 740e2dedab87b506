import { DeliveredApp } from "./delivered-app.ts";
import { type RealApiServer, startRealApiServer } from "./real-api-server.ts";

/** An API server for the tests of a group, and apps in namespaces of their own on it. */
export interface DeliveredApps {
  readonly server: () => RealApiServer;
  /** `isMade` says whether the namespace is there already. @default true */
  readonly newApp: (options?: { readonly isMade?: boolean }) => Promise<DeliveredApp>;
}

/** Starts the server before the tests of a group and ends it after them. Call it inside a `describe`. */
export function deliveredApps(): DeliveredApps {
  let server: RealApiServer;
  let count = 0;

  before(async function () {
    this.timeout(120_000);
    server = await startRealApiServer();
  });

  after(async () => {
    await server.stop();
  });

  return {
    server: () => server,
    newApp: ({ isMade = true } = {}) => {
      count += 1;
      const name = `app-${count}`;
      return isMade ? DeliveredApp.make(server, name) : Promise.resolve(new DeliveredApp(server, name));
    },
  };
}
