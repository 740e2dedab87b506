import { KeelsonError, ProblemsError } from "../errors.ts";
import { localMachines } from "../machines/index.ts";
import { defaultKubernetes, resolveBundle } from "../toolchain/index.ts";
import { listNodes, waitForAnswers, writeKubeconfigs } from "./local/clusters.ts";
import { describeError, say } from "./local/output.ts";
import { openLocalStack, readOutputs, stack, type LocalStack } from "./local/stack.ts";

/** `npm start`: from nothing to two clusters with an app on both. Run again, it repairs or changes nothing. */
try {
  process.exitCode = await start();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = KeelsonError.is(error) && error.code === "KEELSON_ABORTED" ? 130 : 1;
}

async function start(): Promise<number> {
  const began = performance.now();
  const problems = await localMachines().check();
  if (problems.length > 0) throw new ProblemsError("run clusters on this computer", problems);
  await resolveBundle(defaultKubernetes, { extraImages: ["demo"], onProgress: say });
  const local = await openLocalStack(say);
  if (!local.exists) await local.pulumi.read(["stack", "init", stack]);
  const exitCode = await local.pulumi.run(["up", "--yes", "--skip-preview", "--stack", stack]);
  if (exitCode !== 0) {
    process.stderr.write(
      `\nRun npm start again: it goes on where it stopped. Or take everything away: npm run stop\n`,
    );
    return exitCode;
  }
  await show(local, began);
  return 0;
}

async function show({ pulumi, folder }: LocalStack, began: number): Promise<void> {
  const { kubeconfigs, addresses } = await readOutputs(pulumi);
  const urls = Object.values(addresses).flatMap((services) =>
    Object.values(services).flatMap((service) => service.urls),
  );
  await waitForAnswers(urls);
  const paths = await writeKubeconfigs(folder, kubeconfigs);
  for (const [cluster, table] of await listNodes(paths)) {
    process.stdout.write(`\nCluster ${cluster}\n${table}\n`);
  }
  process.stdout.write(`\nThe app answers at\n${urls.map((url) => `  curl ${url}`).join("\n")}\n`);
  const [path = ""] = Object.values(paths);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(
    `\nReady after ${seconds} s. What to do next\n` +
      `  kubectl --kubeconfig ${path} get pods --all-namespaces\n` +
      `  npm run pulumi -- preview --stack ${stack}   what a change of stacks/index.ts would do\n` +
      `  npm start                              does it\n` +
      `  npm run stop                           takes everything away\n`,
  );
}
