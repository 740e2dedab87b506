import { EngineConnection } from "./engine-client.ts";
import { Provider } from "./provider.ts";
import { realWorld } from "./real-world.ts";
import { resources } from "./resources/index.ts";
import { serve } from "./server.ts";

const orphanCheckMs = 2000;
const parent = process.ppid;

const engine = new EngineConnection();
const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
if (address !== undefined) engine.attach(address);
const provider = new Provider({ resources, world: realWorld(), engine });
const { port, server } = await serve(provider, engine);
// The engine reads the port as the first line; nothing else may come before it.
process.stdout.write(`${String(port)}\n`);

let isEnding = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end());
// An engine that was killed cannot say so. Its provider must not go on changing hosts.
setInterval(() => {
  if (process.ppid !== parent) void end();
}, orphanCheckMs).unref();

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await provider.close();
  server.forceShutdown();
  process.exit(0);
}
